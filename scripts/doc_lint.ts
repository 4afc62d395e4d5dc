/**
 * Checks the documentation of the entry points:
 *
 * - `deno doc --lint`, without its findings in other packages: tfjs's types are part of the API, and
 *   their documentation isn't ours.
 * - `{@linkcode …}` names an exported symbol, or a member of one.
 * - Each entry point has an example with a title and an assertion.
 *
 *     deno run --allow-run=deno scripts/doc_lint.ts mod.ts src/cli/mod.ts src/serve/mod.ts
 */

const decoder = new TextDecoder();

async function denoDoc(...args: string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command("deno", { args: ["doc", ...args] }).output();
}

async function lint(): Promise<string[]> {
  const { stderr } = await denoDoc("--lint", ...Deno.args);
  // deno-lint-ignore no-control-regex
  const text = decoder.decode(stderr).replaceAll(/\x1b\[[\d;]*m/g, "");
  const findings = text.split(/^(?=error)/m)
    .filter((part) => part.startsWith("error["));
  const ran = findings.length > 0 ||
    /documentation lint errors|Checked/.test(text);
  if (!ran) return [text];
  return findings.filter((finding) => !/--> \S*\/npm\//.test(finding));
}

/** The part of `deno doc --json` that is read here. */
interface Documented {
  readonly name: string;
  readonly declarations?: readonly {
    readonly location: { readonly filename: string };
    readonly def?: {
      readonly methods?: readonly Documented[];
      readonly properties?: readonly Documented[];
      readonly extends?: string | readonly { readonly repr: string }[];
    };
  }[];
}

interface DocumentedModule {
  readonly module_doc?: {
    readonly tags?: readonly { readonly kind: string; readonly doc: string }[];
  };
  readonly symbols: readonly Documented[];
}

/** A link such as `{@linkcode ResNet.extract}`. */
const links = /\{@link(?:code|plain)?\s+([\w.]+)/g;

function checkLinks(modules: readonly DocumentedModule[]): string[] {
  const own = modules.flatMap(({ symbols }) => symbols)
    .map(({ name, declarations = [] }) => ({
      name,
      declarations: declarations.filter(({ location }) =>
        !location.filename.includes("/npm/")
      ),
    }));
  const byName = Map.groupBy(own, ({ name }) => name);
  const hasMember = (name: string, member: string): boolean =>
    (byName.get(name) ?? []).flatMap((s) => s.declarations).some(({ def }) => {
      const { methods = [], properties = [], extends: base = [] } = def ?? {};
      const bases = typeof base === "string" ? [base] : base.map((b) => b.repr);
      return [...methods, ...properties].some((m) => m.name === member) ||
        bases.some((parent) => hasMember(parent, member));
    });
  const isDocumented = (target: string) => {
    const [name, member] = target.split(".");
    return member ? hasMember(name, member) : byName.has(name);
  };
  const texts = [
    ...own.map((symbol) => [symbol.name, JSON.stringify(symbol)]),
    ...modules.map((m) => ["a module", JSON.stringify(m.module_doc ?? "")]),
  ];
  const bad = texts.flatMap(([where, text]) =>
    [...text.matchAll(links)]
      .filter(([, target]) => !isDocumented(target))
      .map(([, target]) => `${where}: {@linkcode ${target}} isn't exported`)
  );
  return [...new Set(bad)];
}

function checkExamples(modules: ReadonlyMap<string, DocumentedModule>) {
  return [...modules].flatMap(([path, { module_doc }]) => {
    const isGood = (module_doc?.tags ?? []).some(({ kind, doc }) =>
      kind === "example" && /^\w/.test(doc) && /```ts\n/.test(doc) &&
      doc.includes("assert")
    );
    return isGood ? [] : [`${path}: no example with a title and an assertion`];
  });
}

const { stdout } = await denoDoc("--json", ...Deno.args);
const { nodes }: { nodes: Record<string, DocumentedModule> } = JSON.parse(
  decoder.decode(stdout),
);
const findings = [
  ...await lint(),
  ...checkLinks(Object.values(nodes)),
  ...checkExamples(new Map(Object.entries(nodes))),
];
for (const finding of findings) console.error(finding);
console.error(
  `${findings.length} documentation errors in ${Deno.args.join(", ")}`,
);
if (findings.length > 0) Deno.exit(1);
