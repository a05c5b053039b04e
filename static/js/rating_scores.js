// Scoring by keys: digits fill in what has no score yet, A first; Backspace takes the last back.
// Enter presses the button that sends, which the browser holds back until both are there.
(() => {
  const judging = document.getElementById("judging");
  if (!judging) return;

  const scalesIn = (form) => [...form.querySelectorAll("[data-scale]")];
  const chosen = (scale) => scale.querySelector("input:checked");

  const tell = (form) => {
    const scores = scalesIn(form).map((scale) => chosen(scale)?.value);
    form.querySelector(".verdict-send").dataset.said = `A ${scores[0]}, B ${scores[1]}`;
  };

  const fill = (form, digit) => {
    const scale = scalesIn(form).find((one) => !chosen(one));
    if (!scale) return;
    scale.querySelector(`input[value="${digit}"]`).checked = true;
    tell(form);
  };

  const clear = (form) => {
    const last = scalesIn(form).findLast(chosen);
    if (last) chosen(last).checked = false;
  };

  const isTyping = (target) => target.matches?.('textarea, select, input:not([type="radio"], [type="checkbox"])');

  document.addEventListener("keydown", (event) => {
    const form = judging.querySelector("form[data-scores]");
    if (!form || event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (/^[1-5]$/.test(event.key)) fill(form, event.key);
    else if (event.key === "Backspace") clear(form);
    else return;
    event.preventDefault();
  });

  judging.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-scores]");
    if (form && event.target.closest("[data-scale]")) tell(form);
  });

  const ready = () => {
    for (const hint of judging.querySelectorAll("[data-hint]")) hint.hidden = false;
  };
  document.addEventListener("arena:pair", ready);
  ready();
})();
