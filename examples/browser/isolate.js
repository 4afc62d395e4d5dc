/**
 * Isolates a page on a host that sends no headers, such as GitHub Pages, so that it may use threads.
 *
 * Put this file beside the page and load it first: `<script src="isolate.js"></script>`. On the first
 * visit it installs itself as a service worker and reloads the page.
 *
 * @module
 */

if (globalThis.document) {
  const { serviceWorker } = navigator;
  const { src } = document.currentScript;
  if (!globalThis.crossOriginIsolated && serviceWorker) {
    // Once: where it is isolated in vain, as in a frame, the page stays as it is.
    const tried = sessionStorage.getItem(src);
    serviceWorker.oncontrollerchange = () => {
      sessionStorage.setItem(src, "tried");
      location.reload();
    };
    if (!tried) serviceWorker.register(src);
  }
} else {
  globalThis.oninstall = () => globalThis.skipWaiting();
  globalThis.onactivate = (event) =>
    event.waitUntil(globalThis.clients.claim());
  globalThis.onfetch = (event) => event.respondWith(isolated(event.request));
}

async function isolated(request) {
  const response = await fetch(request);
  if (response.status === 0) return response; // Opaque: of another origin, without CORS.
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  const { body, status, statusText } = response;
  return new Response(body, { status, statusText, headers });
}
