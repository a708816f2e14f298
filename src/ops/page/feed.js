// SPDX-License-Identifier: Apache-2.0
// The connection to the service: server-sent events by fetch, since an EventSource sends no token.
// It comes back by itself, whatever happens to the service or the network.
"use strict";

const Feed = (() => {
  const SILENCE_MS = 10000; // a status comes each second or so
  const WAIT_MS = 1000;
  const WAIT_MAX_MS = 10000;

  let token = sessionStorage.getItem("cardwatch-token") || "";
  let wake = null;

  const headers = () => (token ? { Authorization: "Bearer " + token } : {});

  function useToken(text) {
    token = text.trim();
    sessionStorage.setItem("cardwatch-token", token);
    if (wake) wake();
  }

  function handle(block, on) {
    let name = "message";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data || !on[name]) return;
    try {
      on[name](JSON.parse(data));
    } catch (problem) {
      reportError(problem); // a mistake of the page, not the connection's
    }
  }

  async function read(response, on, alive) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) handle(block, on);
    }
  }

  async function once(on) {
    const abort = new AbortController();
    let watchdog = 0;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    alive();
    try {
      const response = await fetch("/api/v1/stream", { headers: headers(), signal: abort.signal });
      if (response.status === 401) return "token";
      if (!response.ok) return (await response.json()).error;
      on.open();
      await read(response, on, alive);
      return "the stream has ended";
    } catch (problem) {
      return "the service does not answer";
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  // `on` has open, status, alerts, closed(reason) and refused (a token is needed).
  async function follow(on) {
    let wait = WAIT_MS;
    for (;;) {
      const began = Date.now();
      const reason = await once(on);
      if (reason === "token") on.refused();
      else on.closed(reason);
      wait = Date.now() - began > WAIT_MAX_MS ? WAIT_MS : Math.min(wait * 2, WAIT_MAX_MS);
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, wait);
      });
    }
  }

  async function lookUp(number) {
    const response = await fetch("/api/v1/card", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers() },
      body: JSON.stringify({ credit_card: number }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }

  return { follow, lookUp, useToken };
})();
