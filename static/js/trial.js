// Stops waiting for a trial. The endpoint may still answer, and charge for it.
let asking = null;
document.addEventListener("htmx:beforeRequest", (event) => { asking = event.detail.elt; });
document.addEventListener("htmx:abort", () => {
  document.querySelector("#trial-outcome").textContent = "Cancelled here. The endpoint may still finish the call, and charge for it.";
});
document.addEventListener("click", (event) => {
  if (asking && event.target.closest("[data-abort]")) htmx.trigger(asking, "htmx:abort");
});
