### What the pages say.

## Every page

page-skip = Skip to the content
page-footer = Accounts and sign-in by Portcullis
# Before the title of a page, and before what is wrong with a field.
page-error = Error:
page-problem = There is a problem
page-sign-in = Sign in
page-to-sign-in = Go to sign in
page-back-to-sign-in = Back to sign in

## Fields, and what is wrong with them

field-email = E-mail address
field-email-missing = Enter your e-mail address.
field-email-invalid = This is not a valid e-mail address. Enter one such as name@example.org.
field-too-long = This is too long.
field-too-short = This is too short.
field-username-contains-at = Leave out the @: it stands in e-mail addresses only.
field-username-invalid = Use letters, digits and signs such as - and _, without spaces.
field-username-mixed-directions = Don't mix left-to-right and right-to-left characters.
field-username-mixed-scripts = Use letters of one script, such as only Latin or only Greek ones.
field-new-password = New password
field-new-password-hint = At least { $count } characters. Hard to guess: three or four unrelated words, or one that your password manager makes.
field-new-password-missing = Choose a new password.
password-too-short = The password must have at least { $count } characters.
password-too-long = The password is too long.
password-too-weak = The password is too easy to guess.
password-breached = The password is known from data breaches elsewhere. Choose one that you use nowhere else.
password-same-as-identity = The password must not be your name or your e-mail address.
password-same-as-current = The new password must differ from the current one.
# { $wait } is a time in words.
form-too-many-attempts = Too many attempts. Try again in { $wait }.

## A link in a mail that is not good

link-invalid-title = This link doesn't work any more

## This server sends no mail

mail-off-title = This can't be done here
mail-off-text = This server sends no mail. Ask the people who run it for help with your account.

## A forgotten password

forgot-title = Forgot your password?
forgot-text = Enter the e-mail address of your account. We send you a link for choosing a new password.
forgot-action = Send the link
forgot-sent-title = Check your mail
forgot-sent-text = If there is an account with this address, a mail is on its way. The link in it works for an hour. If nothing comes, check your spam folder, or ask again in a quarter of an hour.

## A new password, by a link

reset-title = Choose a new password
reset-text = When you set it, you are signed out everywhere.
reset-action = Set the password
reset-done-title = Your new password is set
reset-done-text = You are signed out everywhere. Sign in with the new password.
reset-invalid-text = It was used already, or has expired, or is incomplete. Ask for a new one.
reset-invalid-action = Ask for a new link
