// @ts-check
/** The login form, with the second step for a first password that must change. */

import { byId } from "./dom.js";
import { login, LoginRefusedError, UnavailableError } from "./session.js";

/** @typedef {import("./session.js").Session} Session */

export class LoginView {
  #view = byId("login", HTMLElement);
  #form = byId("login-form", HTMLFormElement);
  #username = byId("username", HTMLInputElement);
  #password = byId("password", HTMLInputElement);
  #newPassword = byId("new-password", HTMLInputElement);
  #newPasswordField = byId("new-password-field", HTMLElement);
  #error = byId("login-error", HTMLElement);
  #notice = byId("login-notice", HTMLElement);
  #button = byId("login-button", HTMLButtonElement);
  #onLogin;
  #busy = false;

  /** @param {(session: Session) => void} onLogin */
  constructor(onLogin) {
    this.#onLogin = onLogin;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Whether somebody can log in here now. */
  get isWaiting() {
    return !this.#view.hidden && !this.#busy;
  }

  /**
   * @param {string} notice why the form is here, when that needs saying
   * @param {string} [username] who was logged in
   */
  show(notice, username) {
    this.explain(notice);
    if (username) this.#username.value = username;
    this.#fail("");
    this.#view.hidden = false;
    (this.#username.value ? this.#password : this.#username).focus();
  }

  /** Says why the form is here. @param {string} notice */
  explain(notice) {
    this.#notice.textContent = notice;
  }

  hide() {
    this.#view.hidden = true;
    this.#password.value = this.#newPassword.value = "";
    this.#askNewPassword(false);
  }

  async #submit() {
    const missing = this.#inputs().find((input) => !input.checkValidity());
    if (missing) return this.#fail(missing.dataset.missing ?? "Something is missing.", missing);
    if (this.#busy) return;
    this.#setBusy(true);
    try {
      this.#onLogin(await login(this.#credentials()));
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#setBusy(false);
    }
  }

  #credentials() {
    const credentials = { username: this.#username.value.trim(), password: this.#password.value };
    if (this.#newPasswordField.hidden) return credentials;
    return { ...credentials, new_password: this.#newPassword.value };
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof UnavailableError) return this.#fail(error.message, this.#button);
    if (!(error instanceof LoginRefusedError)) throw error;
    if (error.code === "new_password_required") {
      this.#askNewPassword(true);
      return this.#fail("This is your first login. Choose a new password.", this.#newPassword);
    }
    const suspect = this.#newPasswordField.hidden ? this.#password : this.#newPassword;
    suspect.select();
    this.#fail(error.message, suspect);
  }

  /** @param {boolean} wanted */
  #askNewPassword(wanted) {
    this.#newPasswordField.hidden = !wanted;
    this.#newPassword.required = wanted;
    this.#newPassword.disabled = !wanted;
  }

  /** @param {string} message empty clears @param {HTMLElement} [culprit] gets the focus */
  #fail(message, culprit) {
    this.#error.textContent = message;
    for (const input of this.#inputs()) input.toggleAttribute("aria-invalid", false);
    if (culprit instanceof HTMLInputElement) culprit.setAttribute("aria-invalid", "true");
    culprit?.focus();
  }

  #inputs() {
    return [this.#username, this.#password, this.#newPassword];
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    this.#button.setAttribute("aria-disabled", String(busy));
    this.#button.textContent = busy ? "Logging in…" : "Log in";
  }
}
