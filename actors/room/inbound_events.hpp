#pragma once
#include "actors/alarm_time.hpp"
#include "actors/bounded_set.hpp"
#include "actors/decision.hpp"
#include "actors/room/chat_notifier.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/event_lookup.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/events_under_way.hpp"
#include "actors/room/held_pdus.hpp"
#include "actors/room/history_backfill.hpp"
#include "actors/room/inbound_event.hpp"
#include "actors/room/missing_events.hpp"
#include "actors/room/partial_state.hpp"
#include "actors/room/pdu_batches.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/policy_gate.hpp"
#include "actors/room/redactions.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/room_events.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway::room {

/// The way of a foreign event into the room: parsed -> verified -> gathered -> authorized -> resolved -> committed ->
/// told. What it lacks is the business of `missing_events`, its partner, which it owns. Files: inbound_events.cpp (the
/// way), inbound_copies.cpp (until one form has proved genuine), inbound_limits.cpp (how much is let in),
/// deferred_pdus.cpp (what comes during our join), refuted_events.cpp (what nobody can place).
/// Source: server-server-api, "Checks performed on receipt of a PDU".
class inbound_events : public events_under_way {
public:
  /// Events that were placed with a state of another server and are remembered as such.
  static constexpr std::size_t events_on_remote_state_max = 10'000;
  /// Events that are remembered as nobody's to place; what is forgotten is fetched and refuted once more.
  static constexpr std::size_t refuted_max = 10'000;

  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    pending_questions& pending;
    event_writer& writer;
    event_import& import;
    content_repair& repair;
    redactions& redacted;
    chat_notifier& notifier;
    const history_backfill& history;
    const partial_state& partial;
    const remote_join& join;
    policy_gate& policy;
    room_events& events;
  };
  explicit inbound_events(const parts& p)
      : room_(p.room), out_(p.out), pending_(p.pending), writer_(p.writer), import_(p.import), repair_(p.repair),
        redactions_(p.redacted), notifier_(p.notifier), history_(p.history), partial_(p.partial), join_(p.join),
        policy_(p.policy), missing_({p.room, p.out, p.pending, p.import, p.repair, p.history, p.join, *this}),
        events_(p.events) {}

  // -- from outside
  void receive(const pdus_received& m);
  /// A join of ours that a resident has signed.
  void take_signed(const matrix::event_ptr& x, const std::string& server);
  /// What was answered for before the restart goes on where it stood.
  void load(const std::vector<store::put_inbox>& inbox);
  /// What an earlier incarnation held for a join that it did not see the end of.
  void load_held(const std::vector<store::put_inbox>& rows);
  /// Our join has ended, one way or the other: what was held goes the way of all others.
  void release_pdus();
  /// Nobody of ours is in the room any more: what is staged or asked for serves nobody.
  void abandon();
  void answered(question::authors_copy q, const peer_answer& m);
  void answered(question::authors_copy q, const timed_out& m);
  void answered(question::copies q, const events_verified& m);
  void answered(question::copies q, const timed_out&) { ask_to_verify(std::move(q.copies)); }
  void answered(question::cited_events q, const store_answered& m);
  void answered(const question::cited_events& q, const timed_out&);
  void answered(question::rescission q, const rescission_result& m);
  void answered(const question::rescission& q, const timed_out&);
  void policy_decided(std::uint64_t id, result<matrix::event_ptr> outcome);
  time_ms deadline() const { return earlier(missing_.deadline(), earlier(keys_again_.at(), stalled_check_.at())); }
  void on_deadline();
  void describe(matrix::json::object& o, time_ms now) const;

  bool is_under_way(const std::string& event_id) const { return work_by_event_.contains(event_id); }
  /// Servers whose join has come to us and is not yet in the graph: what it cites is still to be had.
  std::vector<std::string> servers_arriving() const;
  bool is_idle() const { return work_.empty() && batches_.is_idle(); }
  bool owes_answers() const { return !batches_.is_idle() || pending_.count<question::rescission>() != 0; }

  missing_events& missing() { return missing_; }
  const missing_events& missing() const { return missing_; }

  // -- for its partner
  inbound_map& all() override { return work_; }
  const inbound_map& all() const { return work_; }
  const std::unordered_map<std::string, std::uint64_t>& by_event() const override { return work_by_event_; }
  bool is_looking_up() const override { return lookup_.is_open(); }
  void forget_absent() override { lookup_.forget_absent(); }
  bool is_refuted(const std::string& event_id) const override { return refuted_.contains(event_id); }
  std::size_t enqueue_pulled(const std::vector<matrix::event_ptr>& events, const std::string& origin,
                             std::uint64_t gap_number) override;
  bool is_left_out(const matrix::event& x, const std::string& parent) const override;
  bool is_stalled(const inbound_event& w) const override;
  void advance() override;
  void end_work(std::uint64_t id, const std::string& error) override;
  void hand_over_rescission(inbound_event& w) override;

private:
  struct intake {
    std::string origin;
    std::uint64_t batch_id = 0;                                           ///< 0: nobody waits for the outcomes
    std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies = {}; ///< to be verified
    bool wanted_now = false;        ///< something that was pulled for a gap is waited for by itself
    std::string last_event_id = {}; ///< of the PDU that was taken last
  };
  enum class taken : std::uint8_t { completed, waits, handed_on }; ///< handed_on: to an invitation
  /// @param row  its id in the inbox, where it is staged already
  taken take_pdu(intake& in, std::size_t i, matrix::json::object& pdu, const std::string& row = {});
  // -- how much is let in (inbound_limits.cpp)
  struct share {
    std::size_t pdus = 0, bytes = 0;
  };
  struct evictable {
    time_ms since = 0;
    std::string origin;
    share frees;
    std::uint64_t work_id = 0; ///< 0: it is held
    std::string row;           ///< of what is held
  };
  /// What each server has in the room: being worked on, staged, held.
  std::map<std::string, share> shares();
  /// What waits on disk for others, the longest waiting first.
  std::vector<evictable> evictables() const;
  void evict(const evictable& x);
  /// Keeps the bounds on what is worked on or held. @returns false: these may not come in now
  bool make_room_for(const pdus_received& m);
  // -- what comes during our join (deferred_pdus.cpp)
  /// Whether PDUs cannot be judged yet and wait on disk.
  bool holds_pdus() const;
  const matrix::room_version_rules* rules_of_held() const;
  void hold(const pdus_received& m);
  void release(lazy_deque<held_pdu> held);
  // -- until one form has proved genuine (inbound_copies.cpp)
  /// A new event on its way, still to be verified.
  std::uint64_t begin_work(const matrix::event_ptr& x, const std::string& origin, std::uint64_t pulled_for = 0);
  /// Another form of an event that is not verified yet. @returns whether it is one that was not there
  bool add_copy(std::uint64_t id, inbound_event& w, const matrix::event_ptr& x, const std::string& origin,
                std::optional<waiter> waits);
  void copy_verified(std::uint64_t id, const matrix::event_ptr& x, event_check check, bool some_lack_keys);
  /// What is to be done about the copies of an event, as far as they are known.
  void decide_copies(std::uint64_t id);
  void adopt(inbound_event& w, const matrix::event_ptr& x, const std::string& origin);
  /// A copy whose content was taken out may be a relay's doing: the whole is asked for where it was made.
  /// @returns whether it is
  bool ask_author(std::uint64_t id, inbound_event& w);
  /// Those of one server are asked about together, so that nobody waits for the keys of another.
  void ask_to_verify(std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies);
  void verify_again();
  void wake_for_stalled();
  void check_stalled();
  // -- the way (inbound_events.cpp)
  enum class progress : std::uint8_t { stays, ended };
  /// @param to_look_up  added to: what the store may have
  progress advance_one(std::uint64_t id, inbound_event& w, std::vector<std::string>& to_look_up);
  /// Receipt check 7; asks the policy server where it has to.
  policy_result check_policy(std::uint64_t id, inbound_event& w);
  /// needs_another_state: it fails the auth rules by a state that another server sent. That decides nothing for good:
  /// it stays, another state is fetched.
  enum class acceptance : std::uint8_t { placed, needs_another_state };
  /// @param denied  by the policy server; null: it is not
  acceptance accept(std::uint64_t id, inbound_event& w, const policy_denied* denied);
  /// Whether the state before an event lacks what the event cites, or has what that took the place of: a state fetched
  /// for a gap is taken without events whose signer's key cannot be had, and all that follows has it from there.
  bool lacks_what_is_cited(const matrix::event& x, const state_ref& before) const;
  void stage(inbound_event& w);
  /// An invite of one of ours that has no place yet when nobody of ours is left: it stands as one to a room we are not
  /// in.
  void hand_over_invite(const inbound_event& w);
  /// To the invitation that a PDU of a room takes back in which we are not.
  void ask_invitation(const std::string& user, const std::string& origin, matrix::json::object pdu,
                      question::rescission about);
  // -- events that nobody can place (refuted_events.cpp)
  /// Ends the work on a verified event for good, and remembers it.
  void refute(std::uint64_t id, const std::string& why);
  std::vector<std::string> parents_that_count(const matrix::event& x) const;
  /// @returns whether something moved
  bool refute_circles();

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_writer& writer_;
  event_import& import_;
  content_repair& repair_;
  redactions& redactions_;
  chat_notifier& notifier_;
  const history_backfill& history_;
  const partial_state& partial_;
  const remote_join& join_;
  policy_gate& policy_;
  missing_events missing_;
  room_events& events_;

  inbound_map work_;
  std::unordered_map<std::string, std::uint64_t> work_by_event_;
  std::uint64_t last_work_ = 0;
  pdu_batches batches_{out_};
  alarm_time keys_again_, stalled_check_;
  event_lookup lookup_{room_, pending_};
  bounded_set refuted_{refuted_max}; ///< verified events that nobody can ever place
  /// Events that were placed with a state fetched for a gap, or on such a one.
  bounded_set events_on_remote_state_{events_on_remote_state_max};
  held_pdus held_; ///< bounded like `work_`, and together with it
};

} // namespace causeway::room
