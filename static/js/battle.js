// A live battle without reloading: a message is sent, both answers appear as they come, at one pace
// that the server sets, and then the page's new state. Without this script the forms wait and the
// page loads anew.
(() => {
  const judging = document.getElementById("judging");
  const place = judging?.querySelector("[data-battle]");
  const talk = judging?.querySelector("template[data-talk]");
  if (!place || !talk) return;

  const SETTLE_MS = 350; // a key pressed while the answers end must not vote unseen
  let busy = false;
  let shownAt = 0;

  const say = (text, kind = "info") => {
    const line = document.createElement("p");
    line.className = `judged judged-${kind}`;
    line.textContent = text;
    judging.querySelector("[data-notice]").replaceChildren(...(text ? [line] : []));
  };

  const field = () => place.querySelector("textarea[name=text]");

  const show = (html) => {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    place.replaceChildren(holder.content);
    shownAt = performance.now();
    document.dispatchEvent(new CustomEvent("arena:pair"));
    place.querySelector("[data-focus]")?.focus({ preventScroll: true });
  };

  // The message and two empty answers, below what was said before; what belongs to a vote goes.
  const begin = (text) => {
    for (const part of place.querySelectorAll(".pair-head, .pair-sides, .verdict-more, .verdict, .battle-on, .battle-begin, .notice")) part.remove();
    const live = document.importNode(talk.content, true).firstElementChild;
    if (text) live.querySelector("[data-user]").textContent = text;
    else {
      live.querySelector(".prompt").remove();
      [...place.querySelectorAll("[data-outputs]")].at(-1)?.remove(); // the server sends it again
    }
    place.append(live);
    live.scrollIntoView({ block: "start" });
    return live;
  };

  // Text that was not answered must not be lost.
  const failed = (text) => {
    say("The connection broke. Reload the page to see what has come.", "warning");
    place.querySelector(".battle-live")?.setAttribute("aria-busy", "false");
    const link = document.createElement("a");
    link.className = "button button-primary";
    link.href = location.pathname;
    link.textContent = "Reload";
    place.append(link);
    if (!text) return;
    const kept = document.createElement("textarea");
    kept.readOnly = true;
    kept.value = text;
    kept.setAttribute("aria-label", "Your message");
    place.append(kept);
  };

  const read = async (body, live, take) => {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) take(JSON.parse(event.slice("data: ".length)), live);
    }
  };

  const ask = async (form) => {
    busy = true;
    const body = new FormData(form);
    const text = body.get("text") ?? "";
    const live = begin(text);
    let html = null;
    say("Both are answering …");
    const take = (event) => {
      if ("html" in event) html = event.html;
      else for (const side of ["a", "b"]) if (event[side]) live.querySelector(`[data-words=${side}]`).append(event[side]);
    };
    try {
      const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/event-stream" }, redirect: "error" });
      if (!reply.ok || !reply.body) throw new Error("no stream");
      await read(reply.body, live, take);
    } catch {
      html = null;
    }
    busy = false;
    if (html === null) return failed(text);
    say("");
    show(html);
  };

  judging.addEventListener("submit", (event) => {
    const unseen = event.submitter?.name === "preference" && performance.now() - shownAt < SETTLE_MS;
    if (busy || unseen) return event.preventDefault();
    if (!event.target.matches("[data-ask]")) return;
    event.preventDefault();
    ask(event.target);
  });

  judging.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target !== field()) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  field()?.focus({ preventScroll: true });
})();
