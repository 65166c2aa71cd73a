//! What every backend must keep, as tests: one function for each promise of the traits.
//!
//! A backend implements [`Backend`] in its tests and writes
//!
//! ```ignore
//! storage_testing::contract::suite!(crate::backend);
//! ```
//!
//! where `backend` is an async function without arguments that gives a [`Backend`] with nothing in
//! it, or `None` where it can't be had and the tests are to be skipped. Each promise becomes a test of that name; they need no order, and time is an argument.
//! [`behaviour!`] leaves out what only a store that outlives its process can keep.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "a promise that is not kept ends its test, and its name says what it is"
)]

pub mod addresses;
pub mod attempts;
pub mod browser;
pub mod closings;
pub mod durability;
pub mod events;
pub mod factors;
pub mod feed;
mod fixtures;
mod listener;
pub mod login;
pub mod operator;
pub mod outbox;
pub mod owned_records;
pub mod password;
pub mod records;
pub mod released;
pub mod rotation;
pub mod sessions;
pub mod spent;
pub mod tickets;
pub mod upkeep;
pub mod users;

use std::sync::Arc;

use async_trait::async_trait;
use storage::Storage;

pub use crate::{contract_behaviour as behaviour, contract_suite as suite};

/// A place for one test's data. It goes with its value.
#[async_trait]
pub trait Backend: Send + Sync {
    /// A handle on the data: at first on nothing, after a [`storage::Upkeep::close`] on what is left.
    async fn open(&self) -> Arc<dyn Storage>;

    /// A second handle beside an open one, as another process would have it.
    async fn beside(&self) -> Arc<dyn Storage>;
}

/// Every promise, as tests on the backends that an async function gives.
#[macro_export]
macro_rules! contract_suite {
    ($backend:path) => {
        $crate::contract::behaviour!($backend);
        $crate::contract_tests! { $backend;
            durability::accounts_and_sessions_survive_a_restart,
            durability::the_feed_survives_a_restart,
            durability::the_longest_lifetime_survives_a_restart,
            durability::an_unread_answer_is_durable_after_a_close,
            durability::an_ended_session_stays_ended_after_a_restart,
            durability::a_spent_token_stays_spent_after_a_restart,
            durability::a_spent_token_without_a_session_stays_spent_after_a_restart,
            durability::failures_are_counted_on_after_a_restart,
            durability::a_released_name_stays_reserved_after_a_restart,
            durability::tickets_and_records_survive_a_restart,
            durability::jobs_survive_a_restart,
        }
    };
}

/// Every promise that needs no second opening.
#[macro_export]
macro_rules! contract_behaviour {
    ($backend:path) => {
        $crate::contract_tests! { $backend;
            users::an_account_reads_back_as_it_was_made,
            users::whoever_is_invited_is_told_apart_until_a_password_is_set,
            users::what_is_not_there_is_nothing,
            users::a_name_is_taken_once,
            users::an_address_is_taken_once_regardless_of_case,
            users::of_two_conflicts_the_name_is_named,
            users::of_fifty_at_once_one_gets_the_name,
            users::of_fifty_at_once_one_gets_the_address,
            users::by_a_new_name_one_signs_in_and_no_longer_by_the_old_one,
            users::a_new_address_is_not_verified,
            users::an_account_may_keep_what_it_has,
            users::a_refused_change_of_the_profile_changes_nothing,
            users::a_change_of_the_profile_of_nobody_is_nothing,
            users::a_deleted_account_leaves_nothing,
            users::kinds_of_hash_are_counted,
            users::text_is_never_a_statement,
            released::a_changed_name_is_reserved_for_who_had_it,
            released::a_changed_address_is_reserved_for_who_had_it,
            released::what_a_deleted_account_had_is_reserved_for_nobody,
            released::an_account_is_not_made_again_that_was_deleted,
            released::it_is_known_until_when_names_are_reserved,
            released::after_thirty_days_anybody_may_have_it,
            released::what_has_run_out_is_swept_and_nothing_else,
            released::another_writing_of_the_same_name_lets_go_of_nothing,
            released::who_had_it_last_is_who_it_is_reserved_for,
            released::no_stranger_is_fast_enough_for_a_name_that_is_let_go_of,
            login::the_exact_name_comes_before_its_key_and_the_address,
            login::the_key_of_the_name_comes_before_the_address,
            login::the_address_comes_last,
            login::nothing_that_was_typed_is_nobody,
            users::an_account_is_made_once_under_one_id,
            addresses::an_address_is_confirmed_once,
            addresses::of_fifty_confirmations_at_once_one_counts,
            addresses::a_proof_of_another_address_confirms_nothing,
            addresses::a_proof_of_before_a_change_of_the_password_confirms_nothing,
            addresses::a_change_of_the_address_is_one_update,
            addresses::of_fifty_changes_of_an_address_at_once_one_is_made,
            addresses::a_superseded_change_of_an_address_changes_nothing,
            addresses::an_address_that_is_taken_stays_with_who_has_it,
            addresses::an_undone_change_leaves_no_password_and_no_session,
            addresses::of_fifty_undoings_at_once_one_is_made,
            addresses::an_undone_change_takes_those_after_it_along,
            addresses::the_first_change_can_be_undone_after_the_second_was,
            addresses::a_change_back_can_not_be_undone_nor_what_it_takes_back,
            addresses::a_change_can_be_undone_for_seven_days,
            addresses::a_change_that_nobody_may_undo_stays,
            addresses::it_is_known_whether_a_change_can_be_undone,
            addresses::nobody_can_put_the_first_change_out_of_reach,
            addresses::what_the_profile_changes_has_a_new_number_too,
            addresses::a_reset_confirms_the_address_that_it_was_mailed_to,
            addresses::a_reset_that_was_mailed_to_another_address_is_superseded,
            password::an_upgrade_replaces_only_the_hash_that_was_read,
            password::an_upgrade_changes_no_generation,
            password::a_change_raises_the_generation_and_keeps_one_session,
            password::a_change_may_keep_no_session,
            password::a_superseded_change_changes_nothing,
            password::of_fifty_changes_at_once_one_is_made,
            sessions::a_session_reads_back_as_it_was_opened,
            sessions::sessions_are_listed_the_one_used_last_first,
            sessions::a_session_over_by_age_is_not_listed,
            sessions::beyond_the_limit_the_oldest_ends,
            sessions::a_hundred_and_fifty_opened_at_once_leave_a_hundred,
            sessions::an_ended_session_is_gone,
            sessions::a_session_that_has_gone_is_heard_of_all_the_same,
            sessions::nobody_ends_the_session_of_another,
            sessions::all_others_end_at_once,
            sessions::a_session_of_a_deleted_account_is_of_no_use,
            browser::a_cookie_leads_to_its_session,
            browser::a_cookie_leads_nowhere_once_its_session_has_ended,
            browser::a_session_over_by_age_keeps_its_cookie_until_it_is_swept,
            browser::a_replaced_cookie_leads_nowhere,
            browser::only_the_cookie_that_a_session_has_is_replaced,
            browser::of_fifty_that_replace_a_cookie_at_once_one_does,
            browser::a_use_moves_the_end_of_an_unused_session_on,
            browser::a_use_never_shortens_a_session,
            browser::a_use_moves_no_session_beyond_its_own_end,
            browser::a_use_wakes_no_session_that_is_over,
            browser::a_rotation_leaves_the_cookie_alone,
            rotation::a_refresh_token_is_used_once_for_a_new_pair,
            rotation::a_new_pair_ends_with_its_session,
            rotation::a_repeat_within_the_grace_gives_the_same_pair,
            rotation::a_repeat_after_the_grace_ends_the_session,
            rotation::until_its_pair_is_handed_out_a_token_can_be_repeated,
            rotation::a_pair_is_noted_as_handed_out_once,
            rotation::a_repeat_after_the_access_token_has_expired_renews_that_and_nothing_else,
            rotation::the_token_before_the_last_ends_the_session,
            rotation::a_token_of_no_pair_ends_the_session,
            rotation::an_ended_session_is_refused,
            rotation::a_session_over_by_age_is_refused,
            rotation::a_session_of_another_account_is_refused_and_lives_on,
            rotation::an_older_generation_is_refused,
            rotation::the_session_that_is_kept_is_renewed,
            rotation::of_fifty_uses_at_once_one_renews_and_the_others_get_its_pair,
            rotation::of_two_thieves_none_keeps_the_session,
            spent::a_token_opens_one_session,
            spent::of_fifty_uses_of_a_token_at_once_one_opens_a_session,
            spent::a_session_for_a_token_ends_the_oldest_beyond_the_limit,
            spent::a_spent_token_opens_nothing,
            spent::of_a_use_and_fifty_spendings_at_once_one_counts,
            spent::a_spent_token_is_forgotten_when_it_has_run_out,
            attempts::five_failures_need_no_waiting_and_each_further_one_waits_longer,
            attempts::of_fifty_tries_at_once_five_are_granted,
            attempts::of_fifty_tries_at_once_as_many_are_granted_as_were_given_back,
            attempts::a_try_that_was_given_back_was_none,
            attempts::a_success_ends_the_counting,
            attempts::a_try_from_before_a_success_takes_no_failure_back,
            attempts::budgets_know_nothing_of_each_other,
            attempts::a_hundred_failures_in_a_row_lock_for_a_day,
            attempts::a_success_opens_a_lock,
            attempts::an_operator_opens_a_lock,
            attempts::a_budget_is_swept_when_it_counts_no_more,
            attempts::an_allowance_is_used_up_until_its_time_is_over,
            attempts::of_fifty_who_spend_an_allowance_at_once_three_may,
            attempts::an_operator_ends_the_counting_of_an_allowance,
            operator::disabling_refuses_whatever_was_issued,
            operator::a_sign_in_that_was_overtaken_by_disabling_gets_nothing,
            operator::enabling_takes_the_switch_back_and_nothing_else,
            operator::revoking_refuses_whatever_was_issued_and_leaves_the_switch,
            operator::what_an_operator_does_to_nobody_is_nothing,
            operator::no_change_at_once_brings_a_generation_back,
            operator::accounts_are_listed_in_the_order_of_their_ids,
            operator::a_listing_of_accounts_meets_each_once_while_others_come_and_go,
            operator::a_page_that_ends_with_the_last_account_leads_nowhere,
            operator::accounts_are_listed_by_what_they_are,
            operator::an_operator_looks_at_a_budget_without_counting,
            factors::an_enrolment_reads_back_and_keeps_one_session,
            factors::of_fifty_enrolments_at_once_one_is_made,
            factors::an_enrolment_takes_the_place_of_the_one_before,
            factors::an_enrolment_that_was_overtaken_changes_nothing,
            factors::a_new_password_leaves_the_second_factor,
            factors::a_step_only_goes_on,
            factors::of_fifty_uses_of_a_step_at_once_one_counts,
            factors::a_recovery_code_is_good_once,
            factors::of_fifty_uses_of_a_recovery_code_at_once_one_counts,
            factors::a_removed_factor_leaves_the_password_and_one_session,
            factors::an_undone_address_takes_along_what_was_enrolled_since,
            factors::what_is_sealed_anew_is_the_same_factor,
            factors::a_deleted_account_leaves_no_factor,
            events::what_happened_reads_back_in_order,
            events::the_latest_comes_first_a_page_at_a_time,
            events::of_fifty_at_once_none_is_lost,
            events::nothing_happens_to_nobody,
            events::what_is_old_goes_and_the_rest_still_verifies,
            events::a_deleted_account_leaves_a_chain_that_says_nothing_and_verifies,
            events::an_account_without_events_is_deleted_without_a_trace,
            closings::closing_refuses_whatever_was_issued,
            closings::a_sign_in_that_was_overtaken_by_a_closing_gets_nothing,
            closings::of_fifty_at_once_one_closes_an_account,
            closings::what_is_not_in_use_is_not_closed,
            closings::who_comes_back_has_the_account_as_it_was,
            closings::what_is_due_is_deleted_and_nothing_else,
            closings::of_a_deletion_and_a_return_at_once_one_wins_wholly,
            closings::an_operator_decides_about_a_closed_account,
            closings::nothing_of_a_closed_account_changes,
            closings::taking_back_an_address_takes_back_the_closing,
            closings::a_new_password_of_whoever_proves_the_address_takes_back_the_closing,
            tickets::a_ticket_is_taken_once,
            tickets::a_ticket_that_cannot_be_read_is_not_spent,
            tickets::a_ticket_is_looked_at_as_often_as_one_likes_until_it_is_taken,
            tickets::of_fifty_takes_at_once_one_is_granted,
            tickets::an_expired_ticket_is_none,
            tickets::an_unknown_ticket_and_one_of_another_kind_are_none,
            tickets::a_ticket_tells_what_it_is_bound_to,
            tickets::a_ticket_needs_no_owner,
            tickets::nobody_gets_a_ticket_of_an_account_that_is_not_there,
            tickets::withdrawn_tickets_are_none,
            tickets::a_withdrawal_leaves_what_was_taken_to_be_recognized,
            tickets::the_tickets_of_a_deleted_account_go_with_it,
            tickets::expired_tickets_are_swept_spent_or_not,
            tickets::a_ticket_carries_so_much_and_no_more,
            records::a_record_reads_back_as_it_was_inserted,
            records::a_record_that_is_not_there_is_nothing,
            records::an_id_or_a_key_is_taken_once_within_its_kind,
            records::of_fifty_inserts_of_one_key_at_once_one_succeeds,
            records::of_fifty_inserts_of_one_id_at_once_one_succeeds,
            records::a_change_is_made_to_the_version_that_was_read,
            records::of_fifty_changes_of_one_version_at_once_one_is_made,
            records::a_change_may_change_the_keys,
            records::a_deletion_frees_the_id_and_the_keys,
            records::records_are_listed_by_kind_and_by_owner_in_the_order_of_their_ids,
            records::a_listing_meets_each_record_once_while_others_come_and_go,
            records::a_listing_has_a_bound,
            records::what_a_change_of_a_record_tells_is_heard_before_it_is_answered,
            records::a_change_of_a_record_that_is_not_made_tells_nothing,
            owned_records::the_records_of_a_deleted_account_go_with_it,
            owned_records::nobody_keeps_a_record_for_an_account_that_is_not_there,
            owned_records::of_fifty_inserts_and_a_deletion_of_their_owner_at_once_nothing_is_left,
            owned_records::a_record_keeps_its_owner,
            records::a_record_holds_so_much_and_no_more,
            outbox::of_fifty_claims_of_a_job_at_once_one_is_granted,
            outbox::of_fifty_claims_at_once_each_job_is_granted_once,
            outbox::a_job_is_due_from_its_time_until_it_expires,
            outbox::the_oldest_jobs_are_claimed_first_and_no_more_than_wanted,
            outbox::a_kind_that_was_not_asked_for_is_left_alone,
            outbox::first_tries_and_further_ones_are_claimed_apart,
            outbox::a_lane_that_was_excluded_is_left_alone,
            outbox::a_lapsed_claim_is_granted_to_another_who_alone_settles_it,
            outbox::a_claim_that_lapsed_settles_as_long_as_nobody_else_has_claimed,
            outbox::a_postponed_job_waits_for_its_new_time,
            outbox::a_key_stops_a_double_also_when_the_first_is_done,
            outbox::a_key_is_free_when_its_job_has_expired,
            outbox::of_fifty_posts_with_one_key_at_once_one_is_kept,
            outbox::the_same_job_posted_once_more_is_kept_once,
            outbox::a_job_that_waits_is_hastened_by_its_key,
            outbox::the_jobs_of_a_deleted_account_go_with_it,
            outbox::nobody_posts_a_job_for_an_account_that_is_not_there,
            outbox::the_depth_says_what_waits_and_since_when_it_is_due,
            outbox::expired_jobs_are_swept_done_or_not,
            outbox::a_job_carries_so_much,
            feed::each_change_is_heard_before_it_is_answered,
            feed::what_changes_nothing_is_not_heard,
            feed::appended_rows_are_heard_in_their_order,
            feed::a_new_listener_hears_what_has_not_run_out,
            feed::a_new_listener_hears_what_is_told_while_it_is_added,
            feed::each_listener_hears_everything,
            feed::what_is_written_beside_is_heard,
            feed::a_listener_is_told_that_the_store_was_heard,
            feed::a_change_that_nobody_waits_for_is_made_and_heard,
            feed::a_notice_is_heard_by_its_effect,
            upkeep::it_describes_itself,
            upkeep::it_answers_when_it_is_well,
            upkeep::what_has_run_out_is_swept_in_small_steps,
            upkeep::what_has_not_run_out_is_kept,
            upkeep::the_longest_lifetime_is_kept,
            upkeep::the_present_secret_is_noted_once,
            upkeep::a_closed_store_is_unavailable,
        }
    };
}

/// One test for each promise named.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($backend:path; $($subject:ident::$promise:ident),* $(,)?) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                if let Some(backend) = $backend().await {
                    $crate::contract::$subject::$promise(&backend).await;
                }
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_promise_is_in_the_suite() {
        let suite = include_str!("mod.rs");
        let subjects = [
            ("addresses", include_str!("addresses.rs")),
            ("attempts", include_str!("attempts.rs")),
            ("browser", include_str!("browser.rs")),
            ("closings", include_str!("closings.rs")),
            ("durability", include_str!("durability.rs")),
            ("events", include_str!("events.rs")),
            ("factors", include_str!("factors.rs")),
            ("feed", include_str!("feed.rs")),
            ("login", include_str!("login.rs")),
            ("outbox", include_str!("outbox.rs")),
            ("operator", include_str!("operator.rs")),
            ("owned_records", include_str!("owned_records.rs")),
            ("password", include_str!("password.rs")),
            ("records", include_str!("records.rs")),
            ("released", include_str!("released.rs")),
            ("rotation", include_str!("rotation.rs")),
            ("sessions", include_str!("sessions.rs")),
            ("spent", include_str!("spent.rs")),
            ("tickets", include_str!("tickets.rs")),
            ("upkeep", include_str!("upkeep.rs")),
            ("users", include_str!("users.rs")),
        ];
        for (subject, source) in subjects {
            let promises = source
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn "));
            for promise in promises.filter_map(|line| line.split('(').next()) {
                assert!(
                    suite.contains(&format!("{subject}::{promise},")),
                    "{subject}::{promise}"
                );
            }
        }
    }
}
