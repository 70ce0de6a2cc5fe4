//! One test for every rule.
//! Rules stand in the other files; a rule that is missing here fails this crate's own test.

/// Makes a test of every rule; the argument is the store's [`Home`](crate::Home).
#[macro_export]
macro_rules! suite {
    ($home:ty) => {
        $crate::rules! { $home; commits:
            the_first_commit_of_a_process_builds_on_revision_zero
            versions_are_dense_from_one_in_every_stream
            a_commit_without_an_entry_changes_everything_but_the_log
            a_commit_may_build_on_commits_that_are_still_under_way
            a_receipt_key_belongs_to_one_process
            a_message_recorded_by_one_process_is_taken_by_the_commit_of_another
            the_state_of_an_undelivered_message_can_change
        }
        $crate::rules! { $home; refusals:
            a_stale_commit_is_refused_and_leaves_nothing
            a_request_is_taken_once_and_a_second_one_leaves_nothing
            a_message_has_its_effect_once_and_a_second_time_leaves_nothing
            a_timer_has_its_effect_once_and_a_second_time_leaves_nothing
            versions_that_do_not_continue_their_stream_are_refused
            a_commit_built_on_a_refused_one_is_refused_too
        }
        $crate::rules! { $home; order:
            exactly_one_of_many_rivals_wins
            positions_are_gapless_and_follow_the_order_of_submission
            done_is_called_once_for_each_commit_in_order_of_submission
            a_commit_can_be_read_when_done_is_called
            a_callback_may_submit_the_next_commit
            a_barrier_is_called_at_once_when_nothing_is_pending
            what_was_seen_before_a_barrier_is_there_after_it
        }
        $crate::rules! { $home; reads:
            every_scope_shows_its_events_in_order_and_no_others
            a_read_begins_at_its_place_and_ends_at_its_limit
            what_nobody_recorded_reads_as_nothing
        }
        $crate::rules! { $home; entries:
            entries_come_as_they_were_committed_in_order_of_position
            a_read_of_entries_begins_at_its_place_and_ends_at_its_bounds
            entries_of_a_stream_are_those_that_go_on_it
            entries_are_there_again_after_a_reopen
        }
        $crate::rules! { $home; waiting:
            undelivered_messages_come_in_order_of_owner_and_number
            undelivered_messages_of_one_owner_can_be_asked_for
            a_message_can_be_delivered_and_kept_once_more_in_one_commit
            timers_come_earliest_first_and_in_pages
            only_timers_that_are_due_come
            a_cleared_timer_does_not_come
        }
        $crate::rules! { $home; keeping:
            the_latest_notes_of_each_process_are_kept
            a_stream_has_one_snapshot_the_latest
            a_refused_commit_leaves_neither_a_note_nor_a_snapshot
        }
        $crate::rules! { $home; rows:
            rows_come_in_order_of_id_and_in_pages
            a_process_is_found_in_the_phase_of_its_first_stream_only
            a_process_without_a_stream_is_listed_but_in_no_phase
            tallies_follow_the_streams_of_every_process
            tallies_are_right_after_a_reopen
        }
        $crate::rules! { $home; reopening:
            everything_is_there_again_after_a_reopen
            a_large_value_that_grows_and_shrinks_is_read_as_it_is
            the_log_goes_on_where_it_ended
            what_was_taken_before_a_reopen_is_not_taken_again
            the_longest_names_are_kept
        }
        $crate::rules! { $home; shelf:
            modules_come_in_the_order_in_which_they_were_first_put
            a_module_of_five_megabytes_is_kept_as_it_is
            a_module_without_a_byte_is_told_from_one_that_is_not_there
            a_record_changes_without_its_bytes
            bytes_put_again_replace_the_earlier_ones
            a_module_that_a_stream_is_on_is_not_removed
            nothing_can_be_put_on_a_removed_module_until_its_bytes_are_put_again
        }
    };
}

/// The tests of one file of rules; a part of [`suite!`](crate::suite).
#[doc(hidden)]
#[macro_export]
macro_rules! rules {
    ($home:ty; $file:ident: $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::$file::$rule::<$home>();
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_rule_is_in_the_suite() {
        let suite = include_str!("suite.rs");
        let files = [
            include_str!("commits.rs"),
            include_str!("entries.rs"),
            include_str!("keeping.rs"),
            include_str!("refusals.rs"),
            include_str!("order.rs"),
            include_str!("reads.rs"),
            include_str!("waiting.rs"),
            include_str!("rows.rs"),
            include_str!("reopening.rs"),
            include_str!("shelf.rs"),
        ];
        let rules: Vec<&str> = files
            .iter()
            .flat_map(|file| file.lines())
            .filter_map(|line| line.strip_prefix("pub fn ")?.split_once("<H: Home>"))
            .map(|(rule, _)| rule)
            .collect();
        assert!(rules.len() > 30, "the files have no rules that this test can find");
        for rule in rules {
            assert!(suite.lines().any(|line| line.trim() == rule), "{rule} is not in the suite");
        }
    }
}
