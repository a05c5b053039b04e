// Judging without waiting. The next pair is in the page already: a verdict shows it at once and is
// sent in the background, one after another. What could not be sent comes back with its pair; the
// server takes the same answer twice as one. Without this script the buttons work as forms do.
(() => {
  const judging = document.getElementById("judging");
  if (!judging) return;

  const SETTLE_MS = 350; // a key pressed twice must not judge the next pair unseen
  const RETRY_MS = [400, 1500, 4000];
  const place = judging.querySelector("[data-place]");
  const address = judging.dataset.address; // none on pages that are sent as forms
  let shownAt = performance.now();

  // --- What is shown ---------------------------------------------------------------------------

  const pairOf = (node) => node && { token: node.dataset.pair, node };
  const pairIn = (template) => pairOf(document.importNode(template.content, true).querySelector("[data-pair]"));
  const pending = new Set(); // tokens of pairs that were judged here and are not confirmed
  let pairs = []; // what the page has, the shown one first
  let ending = null;
  let judged = null; // the pair that was judged last, with what was chosen on it

  const waiting = () => {
    const node = document.createElement("div");
    node.className = "pair-waiting";
    node.setAttribute("aria-busy", "true");
    node.innerHTML = '<h1 tabindex="-1" data-focus>Fetching the next pair…</h1>';
    return node;
  };

  const show = () => {
    const node = pairs[0]?.node ?? (pending.size || !ending ? waiting() : ending);
    if (place.firstElementChild === node) return;
    place.replaceChildren(node);
    shownAt = performance.now();
    scrollTo(0, 0);
    document.dispatchEvent(new CustomEvent("arena:pair"));
    // The next pair is a new page to whoever listens or goes by keyboard.
    node.querySelector("[data-focus]")?.focus({ preventScroll: true });
  };

  let isCutOff = false; // an answer waits for a connection

  const say = (text, kind = "info") => {
    const line = document.createElement("p");
    line.className = `judged judged-${kind}`;
    line.textContent = text;
    judging.querySelector("[data-notice]").replaceChildren(...(text ? [line] : []));
  };

  const mayUndo = (may) => {
    for (const button of judging.querySelectorAll("[data-undo]")) button.disabled = !may;
  };

  // --- Sending ---------------------------------------------------------------------------------

  let queue = Promise.resolve();
  const inTurn = (work) => {
    queue = queue.then(work, work);
  };

  const post = async (url, body) => {
    for (const wait of [...RETRY_MS, null]) {
      try {
        const reply = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual", keepalive: true });
        if (reply.status < 500) {
          isCutOff = false;
          return reply;
        }
      } catch {
        // no connection
      }
      if (wait === null) return null;
      isCutOff = true;
      say("No connection at the moment; your answer is being sent again …", "warning");
      await new Promise((done) => setTimeout(done, wait));
    }
  };

  const read = async (reply) => {
    if (!reply?.ok) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await reply.text();
    return holder.content.querySelector("[data-reply]");
  };

  const why = (reply) => {
    if (reply?.status === 403 || reply?.type === "opaqueredirect") return "You are not signed in any more, or take no part any more, so this was not counted. Reload the page.";
    return "Your answer could not be sent. Here is the pair again; nothing is lost. Please try once more.";
  };

  // Take over the pairs of a reply. What is shown stays, unless it was taken back from it.
  const take = (root, stays = true) => {
    judging.querySelector("[data-progress]").replaceWith(root.querySelector("[data-progress]"));
    const known = new Map([...pairs, judged].filter(Boolean).map((pair) => [pair.token, pair]));
    const offered = [...root.querySelectorAll("template[data-token]")]
      .filter((template) => !pending.has(template.dataset.token))
      .map((template) => known.get(template.dataset.token) ?? pairIn(template))
      .filter(Boolean);
    const tokens = new Set(offered.map((pair) => pair.token));
    const others = pairs.filter((pair) => !tokens.has(pair.token));
    const [shown] = pairs;
    pairs = !stays || !shown ? [...offered, ...others] : [shown, ...[...offered, ...others].filter((pair) => pair.token !== shown.token)];
    ending = root.querySelector("[data-ending]")?.firstElementChild ?? null;
    if (ending && !pending.size) pairs = [];
    show();
  };

  const comesBack = (pair) => {
    pairs = [pair, ...pairs.filter((other) => other.token !== pair.token)];
    show();
  };

  const send = async (pair, body) => {
    const reply = await post(address, body);
    const root = await read(reply);
    pending.delete(pair.token);
    if (!root) {
      comesBack(pair);
      say(why(reply), "warning");
      return;
    }
    const outcome = root.dataset.outcome;
    if (outcome === "unread") comesBack(pair);
    take(root);
    mayUndo(outcome !== "refused");
    const said = root.querySelector("[data-said]");
    if (!["recorded", "skipped"].includes(outcome)) say(said.textContent, said.dataset.kind);
  };

  // Leaving now would lose what was not sent; the browser asks first.
  addEventListener("beforeunload", (event) => {
    if (pending.size && isCutOff) event.preventDefault();
  });

  const judge = (form, button) => {
    const pair = pairs[0];
    if (pair?.node !== form) return;
    const body = new FormData(form);
    body.append(button.name, button.value);
    for (const other of pairs.slice(1)) body.append("has", other.token);
    pairs.shift();
    pending.add(pair.token);
    judged = pair;
    if (isCutOff) say(`${button.dataset.said}. It waits for a connection: please keep this page open.`, "warning");
    else say(`${button.dataset.said}.`, "success");
    show();
    mayUndo(true);
    inTurn(() => send(pair, body));
  };

  const undo = () => {
    const body = new FormData(document.getElementById("undo"));
    inTurn(async () => {
      for (const pair of pairs) body.append("has", pair.token);
      if (judged) body.append("has", judged.token);
      const reply = await post(document.getElementById("undo").action, body);
      const root = await read(reply);
      if (!root) return say("That could not be taken back just now. Please try once more.", "warning");
      take(root, root.dataset.outcome !== "undone");
      judged = null;
      mayUndo(false);
      const said = root.querySelector("[data-said]");
      say(said.textContent, said.dataset.kind);
    });
  };

  const settled = () => performance.now() - shownAt >= SETTLE_MS;

  if (address) {
    pairs = [pairOf(place.querySelector("[data-pair]")), ...[...judging.querySelectorAll(":scope > template")].map(pairIn)].filter(Boolean);
    if (!pairs.length) ending = place.firstElementChild;
    judging.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!settled() && button?.name === "preference") return event.preventDefault();
      if (event.target.id === "finish") {
        event.preventDefault();
        inTurn(() => event.target.submit());
      } else if (button?.hasAttribute("data-undo")) {
        event.preventDefault();
        undo();
      } else if (button?.name === "preference") {
        event.preventDefault();
        judge(event.target, button);
      }
    });
  }

  // --- Keys: each presses what shows it ----------------------------------------------------------

  const isTyping = (target) => target.matches?.('textarea, select, [contenteditable], input:not([type="radio"], [type="checkbox"])');
  const usesArrows = (target) => target.matches?.('input[type="radio"]') || (target !== document.body && target.scrollWidth > target.clientWidth + 1);

  const elementFor = (event) => {
    if (event.key.startsWith("Arrow")) return usesArrows(event.target) ? null : judging.querySelector(`[data-arrow="${event.key}"]`);
    const key = event.key.toLowerCase();
    const shifted = event.shiftKey && judging.querySelector(`[data-key="shift+${CSS.escape(key)}"]`);
    return shifted || judging.querySelector(`[data-key="${CSS.escape(key)}"]`);
  };

  const cycle = (fieldset) => {
    const choices = [...fieldset.querySelectorAll("input")];
    const at = choices.findIndex((choice) => choice.checked);
    for (const choice of choices) choice.checked = false;
    if (at + 1 < choices.length) choices[at + 1].checked = true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) return judging.querySelector("[data-focus]")?.focus();
    const undoes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !event.shiftKey;
    if (event.repeat || event.altKey || isTyping(event.target)) return;
    if ((event.ctrlKey || event.metaKey) && !undoes) return;
    const element = undoes ? judging.querySelector("[data-undo]") : elementFor(event);
    if (!element || (event.key === "Enter" && event.target.matches("a, button, summary"))) return;
    event.preventDefault();
    if (element.hasAttribute("data-cycle")) return cycle(element);
    element.click();
    if (element.matches("summary") && element.parentElement.open) element.parentElement.querySelector("textarea").focus();
  });

  if (!address) judging.querySelector("[data-focus]")?.focus({ preventScroll: true });
})();
