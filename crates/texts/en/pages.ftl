### What the pages say. { $brand } is the name of the service, which every text may use.

## Every page

page-skip = Skip to the content
page-footer = Accounts and sign-in by { $brand }
# Before the title of a page, and before what is wrong with a field.
page-error = Error:
page-problem = There is a problem
# On a button beside a password.
page-reveal = Show password
page-sign-in = Sign in
page-to-sign-in = Go to sign in
page-back-to-sign-in = Back to sign in
page-back-to-account = Back to your account
page-to-account = Go to your account
page-to-first = Go to the first page

## Fields, and what is wrong with them

field-email = E-mail address
field-email-missing = Enter your e-mail address.
field-email-too-long = Use an address of at most 254 bytes.
field-email-no-at = Enter an address with an @, such as name@example.org.
field-email-not-bare = Enter the bare address, without a name, quotes or angle brackets.
field-email-local = The part before the @ is not valid.
field-email-domain = The part after the @ is not a valid domain.
field-email-no-top-level-domain = The domain after the @ must end in a top-level domain, such as .org.
field-email-special-use = No mail reaches the domain after the @.
field-username = User name
field-username-hint = Up to 64 characters, without @.
field-username-missing = Choose a user name.
field-username-too-short = Choose a user name of at least one character.
field-username-too-long = Choose a user name of at most 64 characters.
field-too-long = Use { $count } bytes or fewer.
field-username-contains-at = A user name can’t contain @.
field-username-invalid = Use letters, digits and . _ - ' : only, and start with none that changes the one before it.
field-username-mixed-directions = Don’t mix left-to-right and right-to-left characters.
field-username-mixed-scripts = Use letters of one script, such as only Latin or only Greek ones.
field-identifier = User name or e-mail address
field-identifier-missing = Enter your user name or e-mail address.
field-password = Password
field-password-missing = Enter your password.
field-password-wrong = The password is wrong.
field-password-choose = Choose a password.
field-current-password = Current password
field-current-password-missing = Enter your current password.
field-current-password-wrong = The current password is wrong.
field-new-password = New password
field-new-password-hint = At least { $count } characters. Hard to guess: three or four unrelated words, or one that your password manager makes.
field-new-password-missing = Choose a new password.
password-too-short = The password must have at least { $count } characters.
password-too-long = The password must not be longer than { $count } bytes.
password-too-weak = The password is too easy to guess.
password-breached = The password is known from data breaches elsewhere. Choose one that you use nowhere else.
password-same-as-identity = The password must not be your user name or your e-mail address.
password-same-as-current = The new password must differ from the current one.
field-code = Code
field-code-hint = The eight digits in the mail.
field-code-missing = Enter the code from the mail.
field-code-wrong = This code is wrong, was used already, or has expired.
field-account-password = Password
field-account-password-hint = The password that you chose for the account. It keeps strangers from using your address for an account of theirs.
field-account-password-missing = Enter the password that you chose for the account.
field-factor = Code
field-factor-hint = The six digits that your authenticator app shows, or a recovery code.
field-factor-missing = Enter the code that your authenticator app shows.
field-factor-wrong = This code is wrong, or was used before.
field-app-code-hint = The six digits that your authenticator app shows.
field-account-password-wrong = This is not the password of the account.
field-other-username = Another user name
field-other-username-taken = Somebody else has taken the user name that you chose. Choose another one.
field-other-username-like-password = Your password is too much like this user name. Choose another one.
# { $wait } is a time in words.
form-too-many-attempts = Too many attempts. Try again in { $wait }.

too-many-title = Too many attempts

## Signing in, signing up

login-title = Sign in
login-action = Sign in
login-signed-out = You have signed out.
# { $time } is a point in time in UTC, login-keep the button.
login-scheduled-for-deletion = This account is scheduled for deletion on { $time }. To keep it, enter the password once more and choose “{ login-keep }”.
login-keep = Keep my account
login-forgot = Forgot your password?
login-no-account = No account yet?
login-register = Create an account
register-title = Create an account
register-action = Create account
register-have-account = Have an account already?

## The second step of signing in

second-step-title = Enter your code
second-step-text = Your account asks for a second factor. Open your authenticator app, or use one of your recovery codes.
second-step-remember = { $days ->
    [one] Don’t ask for a code on this device for a day
   *[other] Don’t ask for a code on this device for { $days } days
}

## Setting up a second factor at a sign-in

enrol-first-title = Set up a second factor
enrol-first-text = This server requires a second factor. Set one up now to sign in.

## The password once more

guard-title = Enter your password once more
# { $name } is a user name.
guard-text = You are signed in as { $name }. Before you go on, we need to be sure that it is you.
guard-action = Continue

## A point in time: { $time } is hours and minutes in UTC

time-utc = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }, { $time } UTC

## A failure

error-not-found-title = Page not found
error-not-found-advice = Check the address, or start from the first page.
error-method-title = This page can’t be opened like that
error-method-advice = Start from the first page and follow its links.
error-form-title = This form can’t be accepted
error-form-advice = Nothing was changed. If it happens again, allow cookies for this site.
error-https-title = A secure connection is needed
error-https-advice = Ask the people who run this service for its https address.
error-registration-title = Registration is closed
error-registration-advice = If you have an account already, you can sign in.
error-too-much-title = Too much was sent
error-too-much-advice = Go back and send less.
error-too-many-title = Too many requests
error-too-many-advice = Please wait a while before you try again.
# { $wait } is a time in words.
error-too-many-when = Try again in { $wait }.
error-unavailable-title = Temporarily unavailable
error-unavailable-advice = Try again shortly. If it goes on, contact the people who run this service, with the request ID below.
error-internal-title = Something went wrong
error-internal-advice = Try again in a moment. If it goes on, contact the people who run this service, with the request ID below.
error-other-title = This can’t be done
error-other-advice = Go back to the previous page and try again.
error-back-to-registration = Back to registration
error-request-id = Request ID

## A mail may be on its way

check-mail-title = Check your mail

## A link in a mail that is not good

link-invalid-title = This link doesn’t work any more

## This server sends no mail

mail-off-title = This can’t be done here
mail-off-text = This server sends no mail. Ask the people who run it for help with your account.

## A forgotten password

forgot-title = Forgot your password?
forgot-text = Enter the e-mail address of your account. We send you a link for choosing a new password.
forgot-action = Send the link
forgot-sent-text = If there is an account with this address, a mail is on its way. The link in it works for an hour. If nothing comes, check your spam folder, or ask again in a quarter of an hour.

## A new password, by a link

reset-title = Choose a new password
reset-text = When you set it, you are signed out everywhere.
reset-keeps-text = This account is scheduled for deletion. When you set a new password, you keep it, and are signed out everywhere.
reset-action = Set the password
reset-done-title = Your new password is set
reset-done-text = You are signed out everywhere. Sign in with the new password.
reset-kept-text = Your account stays. You are signed out everywhere. Sign in with the new password.
invitation-title = Choose a password for your account
invitation-text = With it you sign in from then on, by your user name or by your e-mail address.
invitation-done-title = Your password is set
invitation-done-text = Sign in with it.
reset-invalid-text = It was used already, or has expired, or is incomplete. Ask for a new one.
reset-invalid-action = Ask for a new link

## Confirming, by a link or a code

confirm-address-title = Confirm your e-mail address
confirm-address-text = The mail with this link was sent to the e-mail address of an account. Confirm that the account and the address are yours.
confirm-address-action = Confirm the address
confirm-new-address-title = Confirm your new e-mail address
confirm-new-address-text = The mail with this link was sent to the new e-mail address of an account. It takes the place of the present one when you confirm it.
confirm-new-address-action = Confirm the new address
confirm-sign-up-title = Create your account
confirm-sign-up-text = To create the account, confirm that you signed up.
confirm-sign-up-action = Create the account
confirm-code-title = Enter the code
confirm-code-text = Enter the code from the mail, and the e-mail address that it was sent to.
confirm-code-action = Confirm
confirm-code-aside = Send a new code
confirm-invalid-text = It was used already, or has expired, or is incomplete. If you have confirmed the address already, sign in.
confirmed-address-title = Your e-mail address is confirmed
confirmed-address-text = Thank you. There is nothing else to do.
confirmed-new-address-title = Your e-mail address was changed
confirmed-new-address-text = From now on, sign in and get mail with the new address.
confirmed-sign-up-title = Your account is ready
confirmed-sign-up-text = Sign in with your user name or e-mail address and the password that you chose.

## Signing up where the address must be confirmed first

sign-up-sent-text = A mail is on its way to this address. Follow the link in it, or enter the code here. Both work for a day. If nothing comes, check the address and your spam folder.

## Asking for the mail once more

resend-title = Confirm your e-mail address
resend-text = Enter the e-mail address of your account. We send you a link and a code to confirm it.
resend-action = Send the mail
resend-aside = I have a code
resend-sent-text = If an account with this address is not confirmed yet, or you signed up with it in this browser, a mail is on its way. Follow the link in it, or enter the code here.
unverified-title = Confirm your e-mail address first
unverified-text = You can sign in once you have confirmed the e-mail address of your account. Enter it, and we send the mail once more.

## Taking a change of the address back

undo-title = Undo the change of your e-mail address
undo-text = Your account gets its former e-mail address back. Everybody is signed out, and the password stops working: choose a new one by a link that we send to the address.
undo-action = Undo the change
undo-invalid-text = It was used already, or has expired, or is incomplete. If your account isn’t yours any more, contact the people who run this service.
undone-title = The change is undone
undone-text = Your account has its former e-mail address again, and everybody is signed out. A mail with a link for choosing a new password is on its way there.
undone-action = Send the link again

## The account

account-title = Your account
account-sign-out = Sign out
done-profile = Your profile has been saved.
done-password = Your password has been changed. All your other sessions have ended.
done-session = The session has ended.
done-sessions = All your other sessions have ended.
done-confirmed = Your password is confirmed. Please repeat what you wanted to do.
# { $address } is an e-mail address.
done-asked = We sent a mail to { $address }. Follow the link in it: until then your account keeps its present address.
profile-title = Profile
profile-text = After a change your old user name or address stays reserved for you for 30 days: nobody else can take it.
profile-action = Save profile
profile-confirmed = Your e-mail address is confirmed.
# { $link } is a link that says profile-enter-code.
profile-unconfirmed = Your e-mail address is not confirmed yet. Follow the link in the mail that we sent you, or { $link }.
profile-enter-code = enter the code
profile-resend = Send the mail again
change-password-title = Password
change-password-text = When you change it, all your other sessions end.
change-password-action = Change password
sessions-title = Sessions
sessions-text = Where you are signed in. End any session you don’t recognise, then change your password.
# On the session that the page is looked at in.
sessions-this = This session
sessions-last-used = Last used { $time }
sessions-signed-in = Signed in { $time }
sessions-end = End session
sessions-end-others = End all other sessions
# { $browser } and { $system } are names: Firefox, Linux.
agent-on = { $browser } on { $system }
agent-unknown = Unknown program
account-kept = Your account stays. It will not be deleted.
account-resent = A mail is on its way. Follow the link in it, or enter the code. If nothing comes, check your spam folder, or ask again in a quarter of an hour.

## The second factor

factor-title = Second factor
factor-text = With a second factor nobody gets into your account by your password alone: signing in takes a code, too, that an app on your phone shows.
factor-how = You need an authenticator app, or a password manager that can be one. Once it is set up, all your other sessions end, and you get recovery codes for when you don’t have the app.
factor-begin = Set up an authenticator app
factor-manage = Manage the second factor
# { $time } is a point in time in UTC.
factor-since = An authenticator app was set up on { $time }.
factor-codes-left = { $count ->
    [0] No recovery codes are left.
    [one] One recovery code is left.
   *[other] { $count } recovery codes are left.
}
factor-codes-few = Make new recovery codes before you run out of them.
factor-ends-sessions = When you set up another one, it takes its place, and all your other sessions end.
factor-another = Set up another app
# { $link } is a link that says factor-confirm-address.
factor-address-first = Before you can set up an app, { $link }: by it you get back into your account when you forget your password.
factor-confirm-address = confirm your e-mail address
factor-remove-title = Remove the second factor
factor-remove-text = Your password alone will be enough to sign in. The recovery codes become void, and all your other sessions end.
factor-remove = Remove the second factor
remembered-title = Remembered devices
remembered-count = { $count ->
    [one] On one device, your password alone signs you in:
   *[other] On { $count } devices, your password alone signs you in:
}
# { $since } and { $until } are dates with a time.
remembered-device = Since { $since }, until { $until }
remembered-forget = Forget all of them
done-devices-forgotten = Your next sign-in asks for a code on every device.
factor-stays-title = The second factor stays
factor-stays-text = This server requires a second factor. Set up another app to replace the one that you have.
# { $time } is a date with a time.
factor-required-until = This server requires a second factor. Set one up before { $time }: after that, signing in asks you to.
factor-required-next = This server requires a second factor. Your next sign-in asks you to set one up.
done-factor-removed = The second factor has been removed. All your other sessions have ended.
enrol-scan = Scan this code with your authenticator app. Then enter the six digits that the app shows.
enrol-qr = QR code for your authenticator app
enrol-no-camera = Can’t scan it?
# { $link } is a link that says enrol-open-app.
enrol-by-hand = If the app is on this device, { $link }. Or type this key into it; the code is time-based:
enrol-open-app = open it here
enrol-once-more = Enter the six digits that your app shows now. What you scanned stays valid for 15 minutes.
enrol-action = Confirm
enrol-again = Start again
enrol-over-title = This took too long
enrol-over-text = The code that you scanned is not valid any more. Remove the entry from your app, and start again.
recovery-title = Recovery codes
recovery-text = Each signs you in once, in place of a code of the app.
recovery-renew = Make new recovery codes
recovery-enrolled-title = Your app is set up
recovery-renewed-title = Your new recovery codes
recovery-shown-once = These are your recovery codes. Each signs you in once when you don’t have the app. They are shown only now: save them where you keep your passwords. Codes that you had before are void.
recovery-kept = I have saved them

## What happened to an account

events-title = Activity
events-text = Sign-ins, failed attempts and changes, the latest first. If there is something that you don’t recognise, change your password and end the other sessions.
events-all = All activity
events-none = Nothing has been recorded yet.
events-refused = Refused
events-by-operator = By an administrator
events-more = Further attempts of that day are not listed.
events-older = Older
events-latest = Back to the latest
event-registration = Account created
event-sign-in = Sign-in
event-legacy-token-trade = Sign-in with a token of the former application
event-refresh = Renewal of a session
event-sign-out = Sign-out
event-reauthentication = Password entered once more
event-password-change = Change of the password
event-password-reset = New password by a link
event-sign-up = Sign-up
event-confirmation = Confirmation of the e-mail address
event-address-request = Request for another e-mail address
event-address-change = Change of the e-mail address
event-address-undo = Undo of a change of the e-mail address
event-mail = E-mail to you
event-invitation = Account created with an invitation
event-reset-link = Link to a new password
event-profile-change = Change of the user name or address
event-export = Download of your data
event-session-end = End of a session
event-other-sessions-end = End of all other sessions
event-sessions-end = End of every session
event-disabling = Account disabled
event-enabling = Account enabled
event-unlocking = Failed attempts forgotten
event-deletion = Deletion of the account
event-factor-enrolment = Authenticator app set up
event-factor-removal = Authenticator app removed
event-recovery-code-used = Use of a recovery code
event-recovery-codes-renewed = New recovery codes
event-device-remembered = Device remembered
event-devices-forgotten = Remembered devices forgotten
event-deletion-scheduled = Deletion of the account requested
event-deletion-cancelled = Account kept
reason-registration-closed = registration was closed
reason-unacceptable-password = the new password was not acceptable
reason-username-taken = the user name was taken
reason-email-taken = the e-mail address was taken
reason-unknown-account = there was no such account
reason-unreadable-account = the account could not be read
reason-wrong-password = wrong password
reason-wrong-code = wrong code
reason-factor-required = the password was entered, and a code asked for
reason-factor-enrolment-required = the password was right, a second factor had to be set up
reason-invalid-challenge = it took too long
reason-disabled = the account was disabled
reason-deletion-scheduled = the account waited to be deleted
reason-too-many-attempts = too many failed attempts
reason-too-many-sign-ins = too many sign-ins
reason-too-many-checks = the password was checked too often
reason-too-many-taken = too many names were tried
reason-invalid-link = the link or code was not valid
reason-email-unverified = the e-mail address was not confirmed
reason-too-many-changes = too many changes of the address
reason-undeliverable = your mail server refused it
reason-replayed = a used token came again, and the session was ended
reason-superseded = something else changed in between

## One's data, on the page of the account

data-title = Your data
data-export = Everything that is stored about you, as a JSON file: your account, your sessions, and what happened to them.
data-export-action = Download your data
data-delete = The next page explains what happens when you delete your account, and asks for your password.

## Deleting the account

delete-title = Delete your account
delete-now = Your account will be deleted immediately, with everything that belongs to it. This can’t be undone.
# { $wait } is a time in words, { $time } a point in time in UTC, login-keep the button.
delete-later = You will be signed out everywhere, and nobody can use the account. After { $wait }, on { $time }, it will be deleted with everything that belongs to it. Until then you can keep it: sign in, and choose “{ login-keep }”.
delete-reserved = After the deletion your user name and e-mail address stay reserved for 30 days. Nobody can sign up with them, not even you.
delete-export = Download your data first
delete-action = Delete my account
deleted-title = Your account was deleted
deleted-text = Your account is gone, with everything that belonged to it. Your user name and e-mail address stay reserved for 30 days.
deletion-due-title = Your account will be deleted
deletion-due-text = You are signed out everywhere. Your account will be deleted on { $time }. To keep it, sign in before then, and choose “{ login-keep }”.
