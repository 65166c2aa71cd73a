### What is mailed. { $service } is the name of the service where it was given one, else the host of its public address,
### such as accounts.example.org.

## Every message

mail-greeting = Hello,
# Only where the owner of the account has confirmed the address.
mail-greeting-name = Hello { $name },
mail-code = Or enter this code where you are asked for it:
# { $wait } is a time in words, { $time } a point in time in UTC.
mail-expires = This works for { $wait }, until { $time }.
mail-expired = This worked until { $time }.
mail-footer = This is an automatic message from { $service }.

## Somebody signed up with this address

mail-confirm-sign-up-subject = Confirm your e-mail address
mail-confirm-sign-up-intro = Somebody, probably you, signed up at { $service } with this e-mail address. To create the account, confirm that the address is yours:
mail-confirm-sign-up-action = Confirm the address
mail-confirm-sign-up-otherwise = If it wasn’t you, ignore this message: no account is created without confirmation.

## Somebody signed up with an address that has an account

mail-already-registered-subject = You already have an account
mail-already-registered-intro = Somebody, probably you, tried to sign up at { $service } with this e-mail address. It belongs to your account already, so no new one was created. You can sign in:
mail-already-registered-sign-in = Sign in
mail-already-registered-forgot = If you have forgotten your password, choose a new one:
mail-already-registered-reset = Choose a new password
mail-already-registered-otherwise = If it wasn’t you, ignore this message: nothing was changed, and whoever it was has not learned that you have an account.

## An account has this address, not yet confirmed

mail-confirm-address-subject = Confirm your e-mail address
mail-confirm-address-intro = This is the e-mail address of an account at { $service }. If the account is yours, confirm the address:
mail-confirm-address-action = Confirm the address
mail-confirm-address-otherwise = If you have no account at { $service }, ignore this message.

## An account wants to change to this address

mail-confirm-new-address-subject = Confirm your new e-mail address
mail-confirm-new-address-intro = Somebody, probably you, wants to use this e-mail address for an account at { $service }. The change takes effect once you confirm it:
mail-confirm-new-address-action = Confirm the new address
mail-confirm-new-address-otherwise = If it wasn’t you, ignore this message: nothing is changed without confirmation.

## Another account wanted to change to this address

mail-address-taken-subject = Your e-mail address stays with your account
mail-address-taken-intro = Somebody tried to use this e-mail address for another account at { $service }. An address belongs to one account only, and this one is yours, so nothing was changed.
mail-address-taken-otherwise = If it was you, sign in to the account that has this address. If it wasn’t, there is nothing to do.

## To the address before: the account has another one now

mail-address-changed-subject = Your e-mail address was changed
mail-address-changed-intro = The e-mail address of your account at { $service } was changed to { $address }.
mail-address-changed-undo = If it wasn’t you, undo the change. You get this address back, everybody is signed out, and you choose a new password:
mail-address-changed-action = Undo the change
mail-address-changed-otherwise = If it was you, there is nothing to do.

## To the address before, where the change can't be taken back by a link

mail-address-left-subject = Your e-mail address was changed
mail-address-left-otherwise = There is no link to undo this, because the account went back to an address that it had before.
mail-address-left-deleted = Your account at { $service } was deleted. Shortly before, somebody asked to change its e-mail address to { $address }. This can’t be undone.

## A change of the address was taken back

mail-way-back-in-subject = Choose a new password to get back in
mail-way-back-in-intro = You took back a change of the e-mail address of your account at { $service }. Everybody was signed out, and the old password does not work any more. To get back in, choose a new one:
mail-way-back-in-otherwise = If this link has expired, ask for another on the sign-in page.

## Somebody forgot the password

mail-reset-password-subject = Choose a new password
mail-reset-password-intro = Somebody, probably you, asked for a new password for your account at { $service }. To choose one:
mail-reset-password-action = Choose a new password
mail-reset-password-keeps = Your account will be deleted on { $time }. A new password keeps it.
mail-reset-password-otherwise = If it wasn’t you, ignore this message: your password stays as it is.

## The password was changed

mail-password-changed-subject = Your password was changed
mail-password-changed-intro = The password of your account at { $service } was changed.
mail-password-changed-reset = If it wasn’t you, choose a new one now:
mail-password-changed-action = Choose a new password
mail-password-changed-otherwise = If it was you, there is nothing to do.

## The second factor

mail-factor-added-subject = A second factor was set up
mail-factor-added-intro = An authenticator app was added to your account at { $service }. From now on, signing in takes a code of the app.
mail-factor-added-reset = If it wasn’t you, choose a new password now, and ask whoever runs the service to remove the app:
mail-factor-added-otherwise = If it was you, keep your recovery codes in a safe place.
mail-factor-removed-subject = Your second factor was removed
mail-factor-removed-intro = The authenticator app and the recovery codes were removed from your account at { $service }. From now on, the password alone signs in.
mail-factor-removed-reset = If it wasn’t you, choose a new password now:
mail-factor-removed-otherwise = If it was you, there is nothing to do.
mail-factor-guessed-subject = Somebody tried to sign in to your account
mail-factor-guessed-intro = Somebody entered the right password of your account at { $service }, and then five wrong codes. Nobody was signed in.
mail-factor-guessed-reset = If it wasn’t you, somebody knows your password. Choose a new one now:
mail-factor-guessed-otherwise = If it was you, wait a few minutes before you try again with a code of your app or a recovery code.
mail-recovery-codes-low-subject = Few recovery codes are left
mail-recovery-codes-low-intro = { $left ->
    [0] No recovery code is left for your account at { $service }. You can get new ones on the page of your account:
    [one] One recovery code is left for your account at { $service }. You can get new ones on the page of your account:
   *[other] { $left } recovery codes are left for your account at { $service }. You can get new ones on the page of your account:
}
mail-recovery-codes-low-action = Go to your account
mail-recovery-codes-low-otherwise = If you didn’t use a recovery code, choose a new password.

## An administrator made an account

mail-invitation-subject = Your account at { $service }
mail-invitation-intro = An account at { $service } was made for you. Choose a password for your account to start using it:
mail-invitation-action = Choose a password
mail-invitation-otherwise = If you didn’t expect this, ignore this message.

## The account will be deleted

mail-deletion-scheduled-subject = Your account will be deleted
mail-deletion-scheduled-intro = Your account at { $service } will be deleted on { $time }.
mail-deletion-scheduled-keep = To keep it:
mail-deletion-scheduled-action = Keep the account
mail-deletion-scheduled-forgot = If your password does not work any more, choose “Forgot your password?” there: a new password keeps the account, too.
mail-deletion-scheduled-otherwise = If you want it to be deleted, there is nothing to do.

## The account was to be deleted, and was kept

mail-kept-subject = Your account stays
mail-kept-intro = Your account at { $service } is no longer scheduled for deletion: somebody signed in, or set a new password, to keep it.
mail-kept-reset = If it wasn’t you, choose a new password now, then delete the account again if you want that:
mail-kept-action = Choose a new password
mail-kept-otherwise = If it was you, there is nothing to do.

## The account was deleted

mail-deleted-subject = Your account was deleted
mail-deleted-intro = Your account at { $service } was deleted, with everything that belonged to it.

## The operator asks whether mail arrives

mail-test-subject = Test message from { $service }
mail-test-intro = You can read this, so { $service } can send mail.
