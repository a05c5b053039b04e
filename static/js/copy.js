// Buttons that copy what stands in another element: <button data-copy="id-of-it">Copy</button>.
// Where the browser refuses (no HTTPS), the text is selected instead.
(() => {
  const SAID_MS = 2000;

  const select = (source) => {
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    const source = button && document.getElementById(button.dataset.copy);
    if (!source) return;
    select(source);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      return;
    }
    const label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, SAID_MS);
  });

  document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
})();
