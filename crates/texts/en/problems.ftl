### What failed: a sentence for each code of docs/errors.md. The API says it in English, the pages in the language of the
### reader.

problem-malformed-json = The body is not valid JSON.
problem-malformed-request = The request can’t be read.
problem-invalid-link = The link or the code is wrong or no longer valid. Check it, or ask for a new one.
problem-invalid-credentials = The user name, the e-mail address or the password is wrong.
problem-factor-required = Enter the code of your authenticator app.
problem-invalid-challenge = This took too long, or was tried too often. Sign in again.
problem-missing-token = Sign in first: this needs a token.
problem-invalid-token = The token is not valid.
problem-expired-token = The token has expired.
problem-revoked-token = The session has ended. Sign in again.
problem-wrong-token-type = The token is of the wrong type: an access token where a refresh token belongs, or the other way round.
problem-insufficient-user-authentication = Enter the password once more to do this.
problem-forbidden = You may not do this.
problem-csrf-failed = This form is too old, or did not come from its own page. Load the page again and send it once more.
problem-https-required = This must be sent over https.
problem-registration-closed = Registration is closed.
problem-email-unverified = Confirm your e-mail address first.
problem-factor-enrolment-required = Set up a second factor first: this server requires one.
problem-deletion-scheduled = This account is scheduled for deletion.
problem-mail-disabled = This server sends no mail.
problem-not-found = There is nothing here.
problem-method-not-allowed = This method is not allowed here.
problem-request-timeout = The request took too long to arrive.
problem-username-taken = This user name is taken.
problem-email-taken = This e-mail address is taken.
problem-factor-not-removable = This server requires a second factor. Set up another app to replace the one that you have.
problem-body-too-large = The body is too large.
problem-uri-too-long = The address is too long.
problem-unsupported-media-type = Send the body as application/json.
problem-validation-failed = Some fields are invalid.
problem-rate-limited = Too many requests. Wait a while.
problem-too-many-attempts = Too many attempts. Wait a while, then try again.
problem-headers-too-large = The headers are too large.
problem-internal = An error occurred.
problem-unavailable = Temporarily unavailable. Try again shortly.
