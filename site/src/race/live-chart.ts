/** @file A chart on a canvas that grows while racers run. */

export interface LiveSeries {
  readonly label: string;
  /** A CSS custom property, e.g. `--c2`. */
  readonly colour: string;
  readonly dash: readonly number[];
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LiveOptions {
  readonly steps: number;
  readonly title: string;
  readonly format: (value: number) => string;
  /** Logarithmic for losses. */
  readonly log: boolean;
}

const MARGIN = { left: 48, right: 92, top: 24, bottom: 24 };

export function drawLive(
  canvas: HTMLCanvasElement,
  series: readonly LiveSeries[],
  options: LiveOptions,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const ink = style.getPropertyValue("--ink-2");
  const scale = (y: number) => (options.log ? Math.log(Math.max(y, 1e-6)) : y);
  const values = series
    .flatMap(({ points }) => points.map(({ y }) => scale(y)))
    .filter(Number.isFinite);
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const x = (step: number) =>
    MARGIN.left + (step / options.steps) * (width - MARGIN.left - MARGIN.right);
  const y = (value: number) =>
    height -
    MARGIN.bottom -
    ((scale(value) - low) / (high - low || 1)) * (height - MARGIN.top - MARGIN.bottom);
  context.font = `12px ${style.fontFamily}`;
  frame(context, {
    width,
    height,
    ink,
    options,
    low,
    high,
    rule: style.getPropertyValue("--rule"),
  });
  const ends: { label: string; x: number; y: number }[] = [];
  for (const { label, colour, dash, points } of series) {
    const drawn = points.filter((point) => Number.isFinite(point.y));
    context.strokeStyle = style.getPropertyValue(colour);
    context.lineWidth = 2;
    context.setLineDash([...dash]);
    context.beginPath();
    for (const point of drawn) context.lineTo(x(point.x), y(point.y));
    context.stroke();
    const last = drawn.at(-1);
    if (last) ends.push({ label, x: x(last.x), y: y(last.y) });
  }
  context.setLineDash([]);
  context.fillStyle = style.getPropertyValue("--ink");
  let limit = Number.NEGATIVE_INFINITY;
  for (const end of ends.sort((a, b) => a.y - b.y)) {
    const place = Math.max(end.y, limit + 14);
    limit = place;
    context.fillText(end.label, end.x + 6, place + 4);
  }
}

interface FrameContext {
  readonly width: number;
  readonly height: number;
  readonly ink: string;
  readonly rule: string;
  readonly low: number;
  readonly high: number;
  readonly options: LiveOptions;
}

function frame(
  context: CanvasRenderingContext2D,
  { width, height, ink, rule, low, high, options }: FrameContext,
): void {
  context.fillStyle = ink;
  context.strokeStyle = rule;
  context.fillText(options.title, 4, 13);
  context.fillText("0", MARGIN.left, height - 6);
  context.fillText(`${options.steps} steps`, width - MARGIN.right - 50, height - 6);
  for (const share of [0, 0.5, 1]) {
    const at = height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
    const value = low + share * (high - low);
    context.fillText(options.format(options.log ? Math.exp(value) : value), 4, at + 4);
    context.beginPath();
    context.moveTo(MARGIN.left, at);
    context.lineTo(width - MARGIN.right, at);
    context.stroke();
  }
}
