// Putting answers in order: by dragging their letters, by keys, or by buttons. Where the cards stand
// is what the selects of the form say; those are there for whoever has no script.
(() => {
  const judging = document.getElementById("judging");
  if (!judging) return;

  const SETTLE_MS = 350; // as for every verdict: a key pressed twice says nothing of what is unseen
  const EDGE = 60; // pixels from the edge of the window where dragging scrolls
  let shownAt = performance.now();

  const formIn = () => judging.querySelector("form[data-ranking]");
  const cardsOf = (form) => [...form.querySelectorAll("[data-card]")];
  const tieOf = (card) => card.querySelector("[data-tie]");
  const letterOf = (card) => card.dataset.card;
  const sendOf = (form) => form.querySelector(".verdict-send");

  // --- Where the cards stand -------------------------------------------------------------------

  const placesOf = (cards) => {
    const places = [];
    cards.forEach((card, at) => places.push(at && tieOf(card).checked ? places[at - 1] : at + 1));
    return places;
  };

  const words = (cards) => cards.map((card, at) => (at ? (tieOf(card).checked ? " = " : " > ") : "") + letterOf(card)).join("");

  const refresh = (form) => {
    const cards = cardsOf(form);
    tieOf(cards[0]).checked = false; // nothing stands above it
    placesOf(cards).forEach((place, at) => {
      const card = cards[at];
      card.querySelector("select").value = place;
      card.querySelector("[data-number]").value = place;
      card.classList.toggle("is-tied", tieOf(card).checked);
      card.querySelector(".rank-tie").hidden = at === 0;
      card.querySelector('[data-move="-1"]').disabled = at === 0;
      card.querySelector('[data-move="1"]').disabled = at === cards.length - 1;
    });
    form.querySelector("[data-order]").textContent = words(cards);
    sendOf(form).dataset.said = words(cards);
  };

  const tell = (form, text) => {
    form.querySelector("[data-moved]").textContent = text;
  };

  const changed = (form, card) => {
    form.dataset.touched = "";
    refresh(form);
    const cards = cardsOf(form);
    const place = placesOf(cards)[cards.indexOf(card)];
    tell(form, `Answer ${letterOf(card)}: place ${place} of ${cards.length}${tieOf(card).checked ? ", as good as the one above" : ""}`);
  };

  // Whoever shared the card's place keeps theirs; a card put among equals is their equal. The others
  // are moved round it, so that it keeps focus and pointer.
  const move = (card, wanted) => {
    const form = card.closest("form");
    const cards = cardsOf(form);
    const from = cards.indexOf(card);
    const to = Math.min(Math.max(wanted, 0), cards.length - 1);
    if (from !== to) {
      const next = cards[from + 1];
      if (next && !tieOf(card).checked) tieOf(next).checked = false;
      const others = cards.filter((other) => other !== card);
      tieOf(card).checked = Boolean(to && others[to] && tieOf(others[to]).checked);
      if (to > from) for (const other of others.slice(from, to)) card.before(other);
      else for (const other of others.slice(to, from).reverse()) card.after(other);
    }
    changed(form, card);
  };

  const step = (card, by) => move(card, cardsOf(card.closest("form")).indexOf(card) + by);

  const toggleTie = (card) => {
    tieOf(card).checked = !tieOf(card).checked;
    changed(card.closest("form"), card);
  };

  // --- By keys and buttons ---------------------------------------------------------------------

  const isTyping = (target) => target.matches?.('textarea, select, input:not([type="radio"], [type="checkbox"])');

  const act = (event, card) => {
    const onHandle = event.target.matches("[data-handle]");
    const count = cardsOf(card.closest("form")).length;
    const place = Number(event.key);
    if (onHandle && event.key === "ArrowUp") step(card, -1);
    else if (onHandle && event.key === "ArrowDown") step(card, 1);
    else if (place >= 1 && place <= count && event.key.trim()) move(card, place - 1);
    else if (event.key === "=" && card.previousElementSibling) toggleTie(card);
    else if (onHandle && event.key === "Enter" && !event.repeat) sendOf(card.closest("form")).click();
    else return;
    event.preventDefault();
    card.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    const card = event.target.closest?.("[data-card]");
    if (card && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) act(event, card);
  });

  judging.addEventListener("click", (event) => {
    const card = event.target.closest("[data-card]");
    if (!card) return;
    const button = event.target.closest("[data-move]");
    if (button) step(card, Number(button.dataset.move));
    if (event.target.closest("[data-handle]")) {
      card.querySelector("[data-handle]").focus();
      card.scrollIntoView({ block: "nearest" });
    }
  });

  judging.addEventListener("change", (event) => {
    if (event.target.matches("[data-tie]")) changed(event.target.form, event.target.closest("[data-card]"));
  });

  // --- By dragging -----------------------------------------------------------------------------

  let dragged = null; // {card, y, from}

  const follow = () => {
    if (!dragged) return;
    const { card, y } = dragged;
    if (y < EDGE) scrollBy(0, -8);
    if (y > innerHeight - EDGE * 2) scrollBy(0, 8);
    const middles = cardsOf(card.closest("form")).filter((other) => other !== card).map((other) => other.getBoundingClientRect()).map((box) => box.top + box.height / 2);
    const to = middles.filter((middle) => middle < y).length;
    if (card.classList.contains("is-dragged") && to !== cardsOf(card.closest("form")).indexOf(card)) move(card, to);
    requestAnimationFrame(follow);
  };

  judging.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-handle]");
    if (!handle || event.button !== 0 || !formIn()?.hasAttribute("data-live")) return;
    handle.setPointerCapture(event.pointerId);
    dragged = { card: handle.closest("[data-card]"), y: event.clientY, from: event.clientY };
  });

  judging.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    dragged.y = event.clientY;
    const begins = Math.abs(dragged.y - dragged.from) > 4 && !dragged.card.classList.contains("is-dragged");
    if (!begins) return;
    dragged.card.classList.add("is-dragged");
    requestAnimationFrame(follow);
  });

  const drop = () => {
    dragged?.card.classList.remove("is-dragged");
    dragged = null;
  };
  judging.addEventListener("pointerup", drop);
  judging.addEventListener("pointercancel", drop);

  // --- Sending, and what is shown next ---------------------------------------------------------

  // The order in which the cards came was drawn: as an answer it must be meant.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-ranking]") || event.submitter !== sendOf(form) || form.hasAttribute("data-touched")) return;
    event.preventDefault();
    event.stopPropagation();
    if (performance.now() - shownAt < SETTLE_MS) return;
    form.dataset.touched = "";
    const line = document.createElement("p");
    line.className = "judged judged-warning";
    line.textContent = "Nothing was moved: the cards stand as they were drawn. Send once more if that is your order.";
    judging.querySelector("[data-notice]").replaceChildren(line);
    scrollTo(0, 0);
  }, { capture: true });

  const enliven = () => {
    shownAt = performance.now();
    const form = formIn();
    if (!form || form.hasAttribute("data-live")) return;
    form.dataset.live = "";
    for (const part of form.querySelectorAll("[data-live]")) part.hidden = false;
    for (const part of form.querySelectorAll("[data-plain]")) part.hidden = true;
    refresh(form);
  };
  document.addEventListener("arena:pair", enliven);
  enliven();
})();
