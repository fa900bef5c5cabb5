import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SYNTHETIC_OPTIMIZERS } from "../../suite/analysis/synthetic.ts";
import { makeResults } from "./make-results.ts";
import { makeStudies } from "./make-studies.ts";
import { type BuiltSite, buildSite, NO_BROWSER, openBrowser } from "./site.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** One of every type. */
const PAGES = [
  "/",
  "/boards/",
  "/boards/mnist-mlp/mini/",
  "/boards/mnist-mlp/mini/dataset-b256/",
  "/boards/cifar-resnet18/mini/",
  "/optimizers/",
  "/optimizers/kfac/",
  "/pairs/",
  "/pairs/kfac-vs-adamw/",
  "/paper/",
  "/paper/fig1-mlp/",
  "/paper/fig3/",
  "/paper/fig4/",
  "/paper/fig7/",
  "/paper/table2/",
  "/findings/",
  "/cells/mini/mnist-mlp/kfac/b1024-n50000/",
  "/answer/",
  "/race/",
  "/method/",
  "/submit/",
  "/log/",
  "/cite/",
  "/404.html",
];

if (NO_BROWSER) console.warn(`The site's pages were not tested: ${NO_BROWSER}.`);

describe.skipIf(NO_BROWSER)("the site, from two curves and more", () => {
  let site: BuiltSite;
  let browser: Browser;
  const errors: string[] = [];

  beforeAll(async () => {
    site = await buildSite((folder) => {
      makeResults(folder, 600, { task: "mnist-mlp", batchSizes: [64, 256, 1024, 4096] });
      makeResults(folder, 300, {
        task: "mnist-mlp",
        optimizers: SYNTHETIC_OPTIMIZERS.filter(({ id }) => ["sgd", "adamw", "kfac"].includes(id)),
        datasetSizes: [5000, 10_000],
        batchSizes: [64, 256, 1024],
      });
      makeStudies(folder);
      writeFileSync(
        join(folder, "FINDINGS.md"),
        "# What we found\n\nSee [the board](/boards/mnist-mlp/mini/).\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
      );
      mkdirSync(join(folder, "notes"));
      writeFileSync(join(folder, "notes", "fig4.md"), "The grid was calibrated **once**.\n");
    });
    browser = await openBrowser();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
  });

  async function open(
    path: string,
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" && !page.url().endsWith("/404.html"))
        errors.push(`${path}: ${message.text()}`);
    });
    page.on("pageerror", (error) => errors.push(`${path}: ${error.message}`));
    await page.goto(site.address + path);
    return page;
  }

  it.each(["light", "dark"] as const)(
    "axe finds nothing on any type of page, %s",
    async (colorScheme) => {
      const found: string[] = [];
      const page = await open("/", { colorScheme, viewport: { width: 1200, height: 900 } });
      for (const path of PAGES) {
        await page.goto(site.address + path);
        await page.evaluate(AXE);
        const violations = await page.evaluate(async () => {
          const axe = (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe;
          const { violations } = await axe.run();
          return violations.map(
            ({ id, nodes }) => `${id} ×${nodes.length}: ${nodes[0]?.html.slice(0, 160)}`,
          );
        });
        found.push(...violations.map((one) => `${path} ${one}`));
      }
      expect(found).toEqual([]);
      await page.context().close();
    },
    600_000,
  );

  it("nothing is wider than a phone, and nothing but tables scrolls sideways", async () => {
    const page = await open("/", { viewport: { width: 320, height: 640 } });
    const wide: string[] = [];
    for (const path of PAGES) {
      await page.goto(site.address + path);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 320) wide.push(`${path}: ${width}`);
    }
    expect(wide).toEqual([]);
    await page.context().close();
  }, 600_000);

  it("every link inside the site leads somewhere", () => {
    const files = readdirSync(site.folder, { recursive: true, encoding: "utf8" });
    const there = new Set(files.map((file) => `/${file.replaceAll("\\", "/")}`));
    const broken = files
      .filter((file) => file.endsWith(".html"))
      .flatMap((file) => {
        const text = readFileSync(join(site.folder, file), "utf8");
        return [
          ...text.matchAll(/(?:href|src|data-file|data-digits)="(\/[^"#?]*)(#[^"]*)?/g),
        ].flatMap(([, path = ""]) => {
          const inside = path.replace(/^\/crossover/, "");
          const target = inside.endsWith("/") ? `${inside}index.html` : inside;
          return path.startsWith("/crossover") && there.has(target) ? [] : [`${file} → ${path}`];
        });
      });
    expect([...new Set(broken)]).toEqual([]);
  });

  it("no page weighs 100 kB compressed, style and scripts included", () => {
    const weight = (file: string) => gzipSync(readFileSync(join(site.folder, file))).length;
    const heavy = PAGES.flatMap((path) => {
      const file = path.endsWith("/") ? `${path}index.html` : path;
      const text = readFileSync(join(site.folder, file), "utf8");
      const parts = [
        ...text.matchAll(/(?:href|src)="\/crossover(\/_astro\/[^"]+\.(?:css|js))"/g),
      ].map(([, part]) => part as string);
      const total = [file, ...new Set(parts)].reduce((sum, part) => sum + weight(part), 0);
      return total > 100_000 ? [`${path}: ${total}`] : [];
    });
    expect(heavy).toEqual([]);
  });

  it("without JavaScript every table and figure is there", async () => {
    const page = await open("/boards/mnist-mlp/mini/", { javaScriptEnabled: false });
    expect(await page.locator("svg.chart:visible").count()).toBeGreaterThan(2);
    expect(await page.locator("table.matrix tbody tr:visible").count()).toBeGreaterThan(4);
    expect(await page.locator("#refine").isVisible()).toBe(false);
    await page.locator("summary").first().click();
    expect(await page.locator("details[open] table").first().isVisible()).toBe(true);
    await page.context().close();
  });

  it("a filter hides, says how much, stands in the address, and comes back with it", async () => {
    const page = await open("/boards/mnist-mlp/mini/");
    await page.locator(".chips label", { hasText: "first-order" }).click();
    const shown = page.locator("#refine-shown");
    await expect.poll(() => shown.textContent()).toMatch(/^2 of 7 optimizers shown$/);
    await page.selectOption("#refine [name=vs]", "adamw");
    await page.locator("th button", { hasText: "FLOPs" }).first().click();
    const address = page.url();
    expect(address).toContain("?group=first-order&vs=adamw&sort=flops");
    const again = await open(address.slice(site.address.length));
    expect(await again.locator("#refine-shown").textContent()).toBe("2 of 7 optimizers shown");
    expect(await again.locator("[data-versus=sgd]:visible").count()).toBe(0);
    const rows = again.locator("table.matrix").first().locator("tbody tr:visible");
    expect(await rows.count()).toBe(2);
    expect(await again.locator("th[aria-sort=ascending]").first().textContent()).toBe("FLOPs");
    await again.locator("#refine [type=reset]").click();
    expect(new URL(again.url()).search).toBe("");
    await page.context().close();
    await again.context().close();
  });

  it("variants fold under their methods in one click, and the address says so", async () => {
    const page = await open("/boards/mnist-mlp/mini/");
    await page.locator(".chips label", { hasText: "under their methods" }).click();
    expect(new URL(page.url()).search).toBe("?fold=variants");
    expect(await page.locator("#refine-shown").textContent()).toBe("6 of 7 optimizers shown");
    expect(await page.locator("tr[data-optimizer=kfac-local]:visible").count()).toBe(0);
    expect(await page.locator("table.matrix tr[data-optimizer=kfac] th").textContent()).toMatch(
      /\+ 1 variant$/,
    );
    await page.reload();
    expect(await page.locator("tr[data-optimizer=kfac-local]:visible").count()).toBe(0);
    await page.context().close();
  });

  it("what was not run says what it would cost, and the command", async () => {
    const page = await open("/boards/mnist-mlp/mini/", { javaScriptEnabled: false });
    const hole = page.locator("table.matrix tbody tr td", { hasText: "not run" }).first();
    expect(await hole.textContent()).toMatch(/not run.*about [\d.]+ (s|min|h)/);
    await page.locator("summary", { hasText: "not run" }).click();
    expect(await page.locator("details[open] li .command").first().textContent()).toMatch(
      /^npm run bench -- --task mnist-mlp --tier mini --optimizer \S+ --batch-size [\d,]+ --dataset-size 50000 --tune$/,
    );
    await page.context().close();
  });

  it("a figure enlarges, grows, and closes by keyboard", async () => {
    const page = await open("/");
    const before = await page.locator("svg.chart:visible").first().boundingBox();
    await page.locator(".tools button:visible").first().click();
    const drawing = page.locator("dialog svg.chart:visible").first();
    expect((await drawing.boundingBox())?.width).toBeGreaterThan(before?.width ?? 0);
    await page.locator("dialog button", { hasText: "+" }).click();
    expect((await drawing.boundingBox())?.width).toBeGreaterThan(1.3 * (before?.width ?? 0));
    await page.keyboard.press("Escape");
    // A dialog's close event comes after the key press has returned.
    await page.locator("dialog").waitFor({ state: "detached", timeout: 5000 });
    await page.context().close();
  });

  it("a name singles out its curve", async () => {
    const page = await open("/");
    const chart = page.locator("[data-chart]:visible").first();
    await chart.locator("text.n", { hasText: "Shampoo" }).click();
    expect(await chart.locator("svg.lit [data-name=shampoo].one").count()).toBeGreaterThan(1);
    expect(await chart.locator("[data-name=kfac].one").count()).toBe(0);
    await page.context().close();
  });

  it("without JavaScript the paper's points open on the axes of ours", async () => {
    const page = await open("/paper/fig1-mlp/", { javaScriptEnabled: false });
    await page.locator("details.overlay summary").first().click();
    const names = await page
      .locator("details.overlay[open] svg.chart:visible [data-name]")
      .evaluateAll((parts) => parts.map((part) => part.getAttribute("data-name")));
    expect(names).toContain("kfac");
    expect(names).toContain("kfac, the paper's");
    await page.context().close();
  });

  it("findings and notes are read from beside the results", () => {
    const text = (path: string) => readFileSync(join(site.folder, path, "index.html"), "utf8");
    expect(text("findings")).toContain('<a href="/crossover/boards/mnist-mlp/mini/">the board</a>');
    expect(text("findings")).not.toContain("No findings written yet");
    expect(text("paper/fig4")).toContain("<strong>once</strong>");
  });

  it("?task=…&vs=… leads to the board with that view", async () => {
    const page = await open("/boards/?task=mnist-mlp&vs=adamw");
    await page.waitForURL(/\/boards\/mnist-mlp\/mini\/\?vs=adamw$/);
    await page.context().close();
  });

  it("by keyboard: the skip link, a chart's values, the theme", async () => {
    const page = await open("/", { colorScheme: "light" });
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    const chart = page.locator("[data-chart]:visible").first();
    await chart.focus();
    await page.keyboard.press("ArrowRight");
    expect(await chart.locator(".readout").textContent()).toMatch(
      /· batch size 64 · lead in test accuracy/,
    );
    await page.locator("#theme").focus();
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
    await page.context().close();
  });

  it("answers at a size between two cells, and says when nothing is near", async () => {
    const page = await open("/answer/?task=mnist-mlp&batch=700&dataset=50000&vs=adamw");
    await expect
      .poll(() => page.locator("#answer h2").textContent())
      .toMatch(/batch size 700 .*interpolation/);
    await page.fill("#ask [name=dataset]", "123");
    await page.click("#ask button");
    await expect.poll(() => page.locator("#answer h2").textContent()).toMatch(/^Not measured/);
    await page.context().close();
  });

  it("the race fetches nothing before start, trains, pauses, and can be shared", async () => {
    const page = await open("/race/?racers=sgd,kfac&batch=128&epochs=4&seed=3");
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(request.url()));
    await page.waitForTimeout(200);
    expect(fetched.filter((url) => /worker|wasm|digits/.test(url))).toEqual([]);
    await page.click("#race-start");
    const loss = async (id: string) =>
      Number(await page.locator(`tr[data-racer=${id}] td`).nth(1).textContent());
    await expect.poll(() => loss("sgd"), { timeout: 60_000 }).toBeGreaterThan(0);
    await page.click("#race-pause");
    expect(await page.locator("#race-status").textContent()).toBe("Paused.");
    await page.click("#race-pause");
    await expect
      .poll(() => page.locator("#race-status").textContent(), { timeout: 120_000 })
      .toMatch(/^Finished/);
    for (const id of ["sgd", "kfac"]) {
      expect(await loss(id)).toBeLessThan(1.2);
      const accuracy = await page.locator(`tr[data-racer=${id}] td`).nth(2).textContent();
      expect(Number.parseFloat(accuracy ?? "")).toBeGreaterThan(70);
    }
    expect(page.url()).toContain("racers=sgd,kfac&batch=128&epochs=4&seed=3");
    await page.click("#race-reset");
    expect(await page.locator("#race-rows tr").count()).toBe(0);
    await page.context().close();
  }, 600_000);

  it("no page wrote an error to the console", () => {
    expect(errors).toEqual([]);
  });
});

describe.skipIf(NO_BROWSER)("the site, from nothing", () => {
  it("builds, says what is missing and which command makes it", async () => {
    const site = await buildSite(() => {});
    const text = (path: string) => readFileSync(join(site.folder, path, "index.html"), "utf8");
    expect(text("")).toContain("Nobody has measured it here yet.");
    expect(text("boards/mnist-mlp/mini")).toContain(
      "npm run bench -- --task mnist-mlp --tier mini --tune",
    );
    expect(text("pairs")).toContain("No pair yet");
    expect(text("answer")).toContain("Nothing is measured yet");
    expect(text("paper/fig1-mlp")).toContain("not measured yet");
    expect(text("findings")).toContain("No findings written yet");
    site.close();
  }, 600_000);

  it("reads well with one optimizer and one seed", async () => {
    const site = await buildSite((folder) => {
      makeResults(folder, 100, {
        optimizers: [{ id: "kfac", damped: true }],
        reportSeeds: [1],
        batchSizes: [64, 256],
      });
    });
    const board = readFileSync(join(site.folder, "boards/mnist-mlp/mini/index.html"), "utf8");
    expect(board).toContain("a crossover needs two");
    expect(board).not.toMatch(/NaN|undefined|Infinity/);
    const figure = readFileSync(join(site.folder, "paper/fig1-mlp/index.html"), "utf8");
    expect(figure, "the command for what is missing leaves out what is measured").toContain(
      "--study fig1-mlp --tier mini --optimizer kfac --dataset-size 50000 --batch-size 32,128,512,",
    );
    site.close();
  }, 600_000);
});
