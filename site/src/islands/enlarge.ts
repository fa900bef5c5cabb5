/** @file A figure in a dialog as wide as the window, and wider: scroll to move, Escape to leave. */

/** Width of the drawing relative to the dialog. */
const ZOOMS = [1, 1.5, 2, 3, 4];

/** Opens the drawings of `chart`; the dialog is removed when it closes. */
export function enlarge(chart: HTMLElement): void {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  const title = chart.closest("figure")?.querySelector("figcaption b")?.textContent ?? "Figure";
  dialog.setAttribute("aria-label", title);
  const room = document.createElement("div");
  room.className = "room";
  room.tabIndex = 0;
  room.setAttribute("role", "region");
  room.setAttribute("aria-label", `${title}: scroll to move`);
  for (const plot of chart.querySelectorAll(".plot")) room.append(plot.cloneNode(true));
  let level = 0;
  const zoom = (to: number): void => {
    level = Math.min(ZOOMS.length - 1, Math.max(0, to));
    room.style.setProperty("--zoom", `${ZOOMS[level]}`);
    out.disabled = level === 0;
    closer.disabled = level === ZOOMS.length - 1;
  };
  const out = button("−", "Smaller", () => zoom(level - 1));
  const closer = button("+", "Larger", () => zoom(level + 1));
  const bar = document.createElement("div");
  bar.className = "bar";
  const heading = document.createElement("b");
  heading.textContent = title;
  bar.append(
    heading,
    out,
    closer,
    button("Close", "Close", () => dialog.close()),
  );
  dialog.append(bar, room);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") zoom(level + 1);
    if (event.key === "-") zoom(level - 1);
  });
  zoom(0);
  document.body.append(dialog);
  dialog.showModal();
}

function button(text: string, label: string, press: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}
