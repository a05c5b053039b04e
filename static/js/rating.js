// Keys for the judging page: each presses the button that shows it. Without this script the
// buttons work as any form does.
(() => {
  const SETTLE_MS = 350; // a key pressed twice must not judge the next pair unseen
  let shownAt = performance.now();

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
  const scrollsSideways = (target) => target !== document.body && target.scrollWidth > target.clientWidth;

  const buttonFor = (event) => {
    const arrow = document.querySelector(`.verdict-button[data-arrow="${CSS.escape(event.key)}"]`);
    if (arrow) return scrollsSideways(event.target) ? null : arrow;
    return document.querySelector(`.verdict-button[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  };

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const button = buttonFor(event);
    if (!button) return;
    event.preventDefault();
    if (performance.now() - shownAt < SETTLE_MS || button.closest("fieldset").disabled) return;
    button.setAttribute("aria-pressed", "true");
    button.click();
  });

  // The next pair is a new page to whoever listens or goes by keyboard.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!event.target.querySelector?.(".judging, [data-focus]") && event.target.id !== "judging") return;
    shownAt = performance.now();
    document.querySelector("#judging [data-focus]")?.focus({ preventScroll: true });
  });
})();
