// Light or dark. Loaded before the page is painted, so that a chosen theme never flashes.
// What is stored is only a wish that differs from the system's: whoever goes back to what the
// system shows follows the system again.
(() => {
  const KEY = "arena-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const preferred = () => (system.matches ? "dark" : "light");
  const chosen = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage may be forbidden
    }
  };

  const apply = () => {
    const theme = chosen();
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new CustomEvent("arena:theme"));
  };

  const toggle = () => {
    const next = (chosen() ?? preferred()) === "dark" ? "light" : "dark";
    try {
      if (next === preferred()) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
    } catch {
      // Then the choice cannot be kept, and the page stays as the system wants it.
    }
    apply();
  };

  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply); // another tab chose
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-theme-toggle]")) toggle();
  });
})();
