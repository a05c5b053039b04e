// How a pair is looked at: both answers scroll in step, at full length or not; on a phone they are
// swiped or stand one below the other. The choice is kept for the next pairs and visits.
(() => {
  const KEY = "arena-rating-view";
  const judging = document.getElementById("judging");
  if (!judging) return;

  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // storage may be forbidden
    }
  };
  const view = { step: true, whole: false, stack: false, ...stored() };

  const apply = () => {
    for (const [name, on] of Object.entries(view)) {
      judging.dataset[name] = on ? "on" : "off";
      for (const button of judging.querySelectorAll(`[data-toggle="${name}"]`)) button.setAttribute("aria-pressed", on);
    }
    for (const part of judging.querySelectorAll("[data-view], [data-sides]")) part.hidden = false;
    for (const button of judging.querySelectorAll('[data-toggle="step"]')) button.disabled = view.whole;
  };

  const boxes = () => [...judging.querySelectorAll(".outputs-blind .prose")];
  const room = (box) => box.scrollHeight - box.clientHeight;

  // Both reach their ends together, however long they are.
  const echoes = new WeakMap();
  const inStep = (box) => {
    if (!view.step || Math.abs((echoes.get(box) ?? -9) - box.scrollTop) <= 1) return;
    for (const other of boxes()) {
      if (other === box || room(box) <= 0 || room(other) <= 0) continue;
      other.scrollTop = (box.scrollTop / room(box)) * room(other);
      echoes.set(other, other.scrollTop);
    }
  };

  const rows = () => [...judging.querySelectorAll("[data-outputs]")];
  const markSide = (row) => {
    const side = Math.abs(row.scrollLeft) > row.clientWidth / 2 ? "B" : "A";
    for (const button of judging.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", button.dataset.show === side);
  };

  judging.addEventListener("scroll", (event) => {
    const target = event.target;
    if (target.matches?.(".outputs-blind .prose")) inStep(target);
    if (!target.matches?.("[data-outputs]")) return;
    for (const row of rows()) if (row !== target && row.scrollLeft !== target.scrollLeft) row.scrollLeft = target.scrollLeft;
    markSide(target);
  }, { capture: true, passive: true });

  judging.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-toggle]");
    const side = event.target.closest("[data-show]");
    if (toggle) {
      view[toggle.dataset.toggle] = !view[toggle.dataset.toggle];
      try {
        localStorage.setItem(KEY, JSON.stringify(view));
      } catch {
        // then it holds for this page
      }
      apply();
    }
    if (side) for (const row of rows()) row.scrollLeft = side.dataset.show === "B" ? row.scrollWidth : 0;
  });

  // Where nothing else wants them, the keys that scroll a page scroll the answers first.
  const STEPS = { ArrowDown: 0.12, ArrowUp: -0.12, PageDown: 0.9, PageUp: -0.9, " ": 0.9 };
  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!event.target.matches("body, main, [data-focus]")) return;
    const way = event.key === " " && event.shiftKey ? -step : step;
    const open = boxes().filter((box) => (way > 0 ? box.scrollTop < room(box) - 1 : box.scrollTop > 1));
    if (!open.length) return;
    event.preventDefault();
    const longest = open.reduce((one, other) => (room(one) < room(other) ? other : one));
    for (const box of view.step ? [longest] : open) box.scrollTop += way * box.clientHeight;
  });

  document.addEventListener("arena:pair", apply);
  apply();
})();
