/**
 * `deno doc --lint` for the package's entry points, without findings in other packages: tfjs's types
 * are part of the API, but their documentation isn't ours.
 *
 *     deno run --allow-run=deno scripts/doc_lint.ts mod.ts src/cli/mod.ts src/serve/mod.ts
 */

const { stderr } = await new Deno.Command("deno", {
  args: ["doc", "--lint", ...Deno.args],
}).output();
// deno-lint-ignore no-control-regex
const text = new TextDecoder().decode(stderr).replaceAll(/\x1b\[[\d;]*m/g, "");
const findings = text.split(/^(?=error)/m).filter((part) =>
  part.startsWith("error[")
);
const own = findings.filter((finding) => !/--> \S*\/npm\//.test(finding));
if (findings.length === 0 && !/documentation lint errors|Checked/.test(text)) {
  console.error(text);
  Deno.exit(1);
}
for (const finding of own) console.error(finding);
console.error(`${own.length} documentation errors in ${Deno.args.join(", ")}`);
if (own.length > 0) Deno.exit(1);
