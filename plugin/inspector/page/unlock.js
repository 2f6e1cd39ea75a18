// The question for the token, where the node wants one (it listens on more than loopback).

import { html, useState } from "./preact.js";

export function Unlock() {
  const [token, setToken] = useState("");
  const [wrong, setWrong] = useState("");
  const send = async (event) => {
    event.preventDefault();
    try {
      const response = await fetch("login", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-Causeway": "1" },
        body: JSON.stringify({ token: token.trim() }),
      });
      if (response.ok) location.reload();
      else
        setWrong(response.status === 401 ? "This is not the node's token." : `The node answered ${response.status}.`);
    } catch {
      setWrong("The node does not answer.");
    }
  };
  return html`<main id="main" class="unlock">
    <h1>Causeway inspector</h1>
    <form onSubmit=${send}>
      <p>This node asks for its token: the text of the file that <code>admin.web_token_file</code> names.</p>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        required
        value=${token}
        onInput=${(event) => setToken(event.target.value)}
      />
      ${wrong && html`<p class="fault" role="alert">${wrong}</p>`}
      <div class="row end"><button class="primary" type="submit">Open</button></div>
    </form>
  </main>`;
}
