// Runs a program that prints `{ pid, features, network }` for each picture and waits for a line, and
// prints what it answers, its most memory and the CPU time until the first answer: node measure.js
// PROGRAM…
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";

const [program, ...args] = process.argv.slice(2);
const stdio = ["pipe", "pipe", "inherit"];
const child = spawn(program, args, { stdio });
const features = [];
let network, bytes, seconds;
for await (const line of createInterface({ input: child.stdout })) {
  const answer = JSON.parse(line);
  const read = (name) => readFile(`/proc/${answer.pid}/${name}`, "utf8");
  features.push(answer.features);
  network = answer.network;
  bytes = 1024 * Number(/VmHWM:\s*(\d+)/.exec(await read("status"))[1]);
  const [user, system] = (await read("stat")).replace(/^.*\) /, "").split(" ")
    .slice(11);
  seconds ??= (Number(user) + Number(system)) / 100;
  child.stdin.write("\n");
}
console.log(JSON.stringify({ features, network, bytes, seconds }));
