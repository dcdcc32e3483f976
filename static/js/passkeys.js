/* Passkeys: adding one on the account's page, and using one in place of a code. Without this, or where the browser has
   none, the page says so and codes do the same work. */
(() => {
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  const belongs = (host) => location.hostname === host || location.hostname.endsWith(`.${host}`);
  const show = (selector, wanted) => document.querySelectorAll(selector).forEach((part) => { part.hidden = !wanted; });

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const listed = (credentials) => (credentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  const toMake = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: listed(options.excludeCredentials),
  });
  const toAsk = (options) => ({ ...options, challenge: bytes(options.challenge), allowCredentials: listed(options.allowCredentials) });
  const answer = (made) => {
    const { response } = made;
    const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle'];
    const said = Object.fromEntries(parts.filter((part) => response[part]).map((part) => [part, text(response[part])]));
    if (response.getTransports) said.transports = response.getTransports();
    return { id: made.id, rawId: text(made.rawId), type: made.type, response: said, clientExtensionResults: made.getClientExtensionResults() };
  };

  class Refused extends Error {
    constructor(message, fields = {}) { super(message); this.fields = fields; }
  }
  const post = async (url, body) => {
    const headers = { 'X-CSRFToken': document.querySelector('meta[name="csrf-token"]')?.content ?? '', Accept: 'application/json' };
    if (!(body instanceof FormData)) headers['Content-Type'] = 'application/json';
    const response = await fetch(url, { method: 'POST', headers, body: body instanceof FormData ? body : JSON.stringify(body ?? {}) });
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    if (response.status === 429 && !isJson) throw new Refused('That was a lot at once. Wait a few minutes, then try again.');
    if (!isJson) throw new Refused('This page was open for a long time. Load it again.');
    const found = await response.json();
    if (!response.ok) throw new Refused(found.message, found.fields);
    return found;
  };

  const words = (error) => {
    if (error instanceof Refused) return Object.values(error.fields ?? {})[0] ?? error.message;
    if (error.name === 'InvalidStateError') return 'This device has a passkey for your account already.';
    if (error.name === 'NotAllowedError' || error.name === 'AbortError') return 'No passkey was given. Try again when you are ready.';
    if (error instanceof TypeError) return 'The line dropped. Nothing is lost; try again.';
    return 'The browser could not do this. Try another browser, or use a code.';
  };
  const during = async (button, box, work) => {
    box.hidden = true;
    button.setAttribute('aria-busy', 'true');
    button.disabled = true;
    try {
      location.assign((await work()).next);
    } catch (error) {
      box.lastElementChild.textContent = words(error);
      box.hidden = false;
      button.removeAttribute('aria-busy');
      button.disabled = false;
      box.focus();
    }
  };

  for (const place of document.querySelectorAll('[data-passkey-host]')) {
    const here = belongs(place.dataset.passkeyHost);
    place.hidden = !able || !here;
    show('[data-passkey-none]', !able && here);
    show('[data-passkey-elsewhere]', !here);
    for (const link of document.querySelectorAll('[data-passkey-elsewhere] a')) {
      const there = new URL(location.href);
      there.hostname = place.dataset.passkeyHost;
      link.href = there.href;
    }
  }

  for (const form of document.querySelectorAll('[data-passkey-add]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = form.elements.namedItem('name').value;
      during(form.querySelector('button'), form.querySelector('[data-passkey-error]'), async () => {
        const options = await post(form.action, new FormData(form));
        const made = await navigator.credentials.create({ publicKey: toMake(options) });
        return post(form.dataset.passkeyAdd, { name, credential: answer(made) });
      });
    });
  }
  for (const button of document.querySelectorAll('[data-passkey-sign-in]')) {
    const box = button.parentElement.querySelector('[data-passkey-error]');
    button.addEventListener('click', () => during(button, box, async () => {
      const options = await post(button.dataset.passkeyOptions);
      const shown = await navigator.credentials.get({ publicKey: toAsk(options) });
      return post(button.dataset.passkeySignIn, answer(shown));
    }));
  }
})();
