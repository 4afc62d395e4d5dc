/** The lines of UTF-8 text that arrives in chunks, without line ends; an empty last line is dropped. */
export async function* lines(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += typeof chunk === "string"
      ? chunk
      : decoder.decode(chunk, { stream: true });
    const whole = rest.split("\n");
    rest = whole.pop()!;
    for (const line of whole) yield line.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest.replace(/\r$/, "");
}
