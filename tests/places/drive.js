// Opens a page in a browser and prints its outcome as JSON, with the browser's version:
// node drive.js chromium|firefox|webkit URL
import { spawn } from "node:child_process";
import process from "node:process";

const [name, url] = process.argv.slice(2);
const ready = "globalThis.outcome !== undefined";

async function withPuppeteer(options) {
  const name = "puppeteer-core"; // Of the project that runs this, not of the lock file.
  const { default: puppeteer } = await import(name);
  const browser = await puppeteer.launch({ headless: true, ...options });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction(ready, { timeout: 60_000 });
    const version = await browser.version();
    return { version, outcome: await page.evaluate("outcome") };
  } finally {
    await browser.close();
  }
}

async function withWebKit() {
  const port = 7911;
  const screen = ["-a", "/usr/bin/WebKitWebDriver", `--port=${port}`];
  const driver = spawn("xvfb-run", screen, {
    detached: true, // So that its display ends with it.
    stdio: "ignore",
    env: {
      ...process.env,
      LIBGL_ALWAYS_SOFTWARE: "1",
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1", // In a container, as root.
    },
  });
  const ask = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const { value } = await response.json();
    if (value?.error) throw new Error(value.message);
    return value;
  };
  try {
    for (let i = 0; i < 50; i++) {
      if (await ask("GET", "/status").catch(() => undefined)) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const binary = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";
    const { sessionId, capabilities } = await ask("POST", "/session", {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": { binary, args: ["--automation"] },
        },
      },
    });
    const session = `/session/${sessionId}`;
    try {
      await ask("POST", `${session}/timeouts`, { script: 60_000 });
      await ask("POST", `${session}/url`, { url });
      const script = `const done = arguments[0];
        const wait = () => ${ready}
          ? outcome.then((value) => done({ value }), (error) => done({ error: String(error) }))
          : setTimeout(wait, 100);
        wait();`;
      const { value, error } = await ask("POST", `${session}/execute/async`, {
        script,
        args: [],
      });
      if (error) throw new Error(error);
      const version = `WebKitGTK ${capabilities.browserVersion}`;
      return { version, outcome: value };
    } finally {
      await ask("DELETE", session);
    }
  } finally {
    process.kill(-driver.pid);
  }
}

const browsers = {
  chromium: () =>
    withPuppeteer({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
    }),
  firefox: () =>
    withPuppeteer({
      browser: "firefox",
      executablePath: "/usr/bin/firefox-esr",
    }),
  webkit: withWebKit,
};
console.log(JSON.stringify(await browsers[name]()));
