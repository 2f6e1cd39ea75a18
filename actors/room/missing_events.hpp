#pragma once
#include "actors/alarm_time.hpp"
#include "actors/decision.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/event_import.hpp"
#include "actors/room/events_under_way.hpp"
#include "actors/room/gap_answers.hpp"
#include "actors/room/history_backfill.hpp"
#include "actors/room/inbound_event.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/remote_join.hpp"
#include "actors/room/remote_state.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// What is missing: parents of events that were pushed to us, and what they rest on. A few gaps at a time, one server
/// at a time for each; what cannot be had stays staged and is tried again, each time a little later, and at other
/// servers. missing_events.cpp: whose gaps are open, and which servers are asked; missing_event_requests.cpp: what they
/// are asked.
/// Source: server-server-api, "Backfilling and retrieving missing events".
class missing_events {
public:
  /// What it works with; all of it outlives it.
  struct parts {
    const room_state& room;
    decision& out;
    pending_questions& pending;
    event_import& import;
    content_repair& repair;
    const history_backfill& history;
    const remote_join& join;
    events_under_way& inbound;
  };
  explicit missing_events(const parts& p)
      : room_(p.room), out_(p.out), pending_(p.pending), import_(p.import), repair_(p.repair), history_(p.history),
        join_(p.join), inbound_(p.inbound) {}

  /// Opens what gaps there are, and goes on with those that were waiting. After each round of the events under way.
  void consider();
  /// What was fetched for gaps that are closed goes.
  void drop_pulled();
  void abandon();
  void answered(question::of_gap q, const peer_answer& m);
  void answered(question::of_gap q, const timed_out& m);
  void answered(const question::gap_events& q, const events_verified& m);
  void answered(const question::gap_events& q, const timed_out&);
  /// Questions that have been open for a while: others are asked besides.
  void hedge();

  // -- what its partner tells
  void record_contact(const std::string& server);
  /// Another server sends an event that is under way: it can be asked for what that lacks.
  void also_pushed(std::uint64_t id, const std::string& server);
  /// A form of an event that was pulled for this gap is nobody's word.
  void refuted(std::uint64_t gap_number, const std::string& event_id);
  /// It is under way no more.
  void event_ended(std::uint64_t id);

  // -- what its partner asks
  bool is_idle() const { return gaps_.empty(); }
  bool has_gap(std::uint64_t id) const { return gap_of(id) != nullptr; }
  /// Number of the gap that is open for this event.
  std::optional<std::uint64_t> gap_number_of(std::uint64_t id) const;
  /// Whoever pushed the event that this gap is open for; empty: it is closed.
  std::string pusher_of(std::uint64_t gap_number) const;
  bool has_failed(std::uint64_t id) const { return gap_pauses_.contains(id); }
  /// When an answer last brought something for the gap that this event belongs to; nothing: it belongs to none.
  std::optional<time_ms> progress_for(std::uint64_t id, const inbound_event& w) const;

  /// When what is missing is considered again, after a round of the events under way.
  void consider_at(time_ms at) { alarm_.set(at); }
  time_ms deadline() const { return alarm_.at(); }
  bool is_due() { return alarm_.goes_off(out_.now()); }
  /// Events that lack others, with who is asked for these now, what was answered last, and when they are asked for
  /// again.
  void describe(matrix::json::object& o) const;

private:
  enum class step : std::uint8_t {
    missing_events,
    state_ids,
    state_event,
    state,
    auth_events,
    event,
    own_invite ///< whether its server has the invite in its room yet
  };
  /// What is being asked for a gap just now.
  struct gap_question {
    token asked = 0; ///< 0: nothing is
    step at = step::missing_events;
    std::string asked_of;
    std::string event_id;         ///< whose ancestors, state or auth chain are asked, or which is
    time_ms since = 0;            ///< when it was asked, or an answer to one came
    std::uint32_t unanswered = 0; ///< attempts of it
  };
  /// What has been asked for a gap already, so that nothing is asked in vain again.
  struct gap_history {
    std::set<std::string> turned_to;                               ///< servers that had their turn
    std::set<std::pair<std::string, std::string>> states_asked;    ///< (server, event)
    std::set<std::pair<std::string, std::string>> whole_requested; ///< (server, event) where ids lead to nothing
    std::set<std::string> unresponsive_sources;                    ///< events whose state somebody did not answer for
    std::set<std::string> chains_asked, singles_asked;             ///< of the server whose turn it is
    std::set<std::string> refuted;                                 ///< events that were pulled and are nobody's word
    /// (server, event) about whose state it let a question hang, and was asked once more when it answered another
    std::set<std::pair<std::string, std::string>> asked_again;
    std::uint32_t walks_again = 0; ///< the same about what lies between, whoever it was
  };
  struct gap {
    std::uint64_t number = 0;
    std::uint64_t work_id = 0;
    gap_question open;
    gap_history before;
    bool paused = false;           ///< something is under way that others do; it goes on when that has moved
    time_ms progress = 0;          ///< when an answer last brought something
    time_ms not_before = 0;        ///< paused until then, or until what it waits for is placed
    std::set<std::uint64_t> met;   ///< works that came by another way and lie on this one: verified, and stuck
    bool lone = false;             ///< nobody besides the pusher can be asked: it is waited for
    std::uint32_t attempts = 0;    ///< before this one; each is more patient
    bool disowned = false;         ///< its own server has said that it does not know the event
    bool silent = false;           ///< somebody has not answered in this attempt
    bool knows_own_invite = false; ///< its server has the invite in its room: what it does not tell now it has not
    bool alone = false; ///< what leads to it cannot be had or verified: the state at the event itself is asked for
    std::string pusher; ///< who sent the event
    std::string server; ///< whose turn it is
    std::deque<std::string> to_try; ///< after it
    std::uint32_t rounds = 0;
    bool walk_ended = false;     ///< no more events are asked for: the state at the oldest is
    std::uint32_t questions = 0; ///< asked in this attempt
    token verifying = 0;
    /// One that was not answered in time. Others are asked meanwhile; who answers first leads on.
    struct late_question {
      token asked = 0;
      step at = step::missing_events;
      std::string server, asked_of, event_id;
    };
    std::vector<late_question> late;
    remote_state told; ///< the answer to `state`, until all of it is verified
    /// A state that was sent by its ids, while the few of its events that are unknown are fetched.
    struct state_by_ids {
      std::string server, event_id;    ///< who told it, and before which event it is
      std::vector<std::string> ids;    ///< of the state
      std::deque<std::string> missing; ///< of the state and its auth chain
    };
    std::optional<state_by_ids> by_ids;
    /// Verified, of auth chains, and still without what they rest on.
    std::vector<matrix::event_ptr> unplaced_auth_events;
  };
  /// What the open gap waits for: of the event it is for, and of those that were pulled.
  struct missing_of_gap {
    std::vector<const inbound_event*> parents, states, authority;
    bool waits = false; ///< for an event that is being worked on
    bool comes = false; ///< what was pulled last is not looked at yet
  };
  using gap_ref = std::map<std::uint64_t, gap>::iterator;
  missing_of_gap missing_for(const gap& g) const;
  static bool is_part_of(const gap& g, std::uint64_t id, const inbound_event& w) {
    return w.pulled_for == g.number || id == g.work_id || g.met.contains(id);
  }
  bool needs_gap(std::uint64_t id, const inbound_event& w) const;
  const gap* gap_of(std::uint64_t work_id) const;
  void open_gap(std::uint64_t work_id, const inbound_event& target);
  void next_gap_server(std::uint64_t number, const std::string& why);
  time_ms last_contact(const std::string& server) const;
  /// It has let a question about a gap hang a moment ago: those that answer go before it.
  bool hangs(const std::string& server) const;
  void left_hanging(const std::string& server);
  /// How long the open question is waited for before somebody else is asked besides.
  time_ms patience_of(const gap& g) const;
  /// Nothing of what was asked for it is waited for any more.
  void forget_questions(const gap& g);
  void close(std::uint64_t number);
  /// The open question stays open while others are asked.
  void put_aside_question(gap& g);
  /// @returns whether the answer is to a question that was put aside and leads on: it is the open one again
  bool take_up_question(gap& g, const peer_answer& m);
  void ask_gap(std::uint64_t number);
  void ask_for_gap(gap& g, step what, const std::string& server, const std::string& event_id, peer_request r);
  void ask_missing_events(gap& g, const std::vector<const inbound_event*>& ends);
  /// Who is asked next for the state at an event; nobody is left: nothing.
  std::optional<std::string> state_source_for(const gap& g, const inbound_event& w) const;
  bool ask_state(gap& g, const inbound_event& at);
  /// The state at the event the gap is for, where what leads to it cannot be had.
  bool ask_state_of_target(gap& g);
  void ask_state_event(std::uint64_t number);
  void gap_state_ids(std::uint64_t number, const std::string& body);
  /// Its ids lead to nothing: the state is asked for whole.
  void ask_whole_state(std::uint64_t number);
  bool ask_authority(gap& g, const std::vector<const inbound_event*>& of);
  void gap_answered(std::uint64_t number, const std::string& text);
  void resume_gaps();
  void gap_question_done(gap& g);
  /// What came of the open question, for the operator.
  void note_answer(const gap& g, const std::string& answer);
  matrix::json::object describe(std::uint64_t work_id, const inbound_event& w) const;
  void note_disowned(gap& g, const peer_answer& m);
  /// Whether nobody will ever tell what an event lacks: its own server does not know it, and everybody else who was
  /// asked has answered.
  bool is_hopeless(const gap& g, const inbound_event& target) const;
  void give_up(std::uint64_t work_id, const char* why);
  /// The gap is closed for now: who still has a question about what leads to its event may answer it all the same.
  void keep_late_questions(gap& g);
  void answered_after_all(const peer_answer& m);
  /// A server tells a state that would be taken in the place of what it did not answer before. @returns whether that is
  /// asked once more
  bool ask_hanging_again(gap& g);
  /// Nothing is known of what the server has. @param again  it may be asked once more
  void gap_unanswered(std::uint64_t number, const std::string& why, bool again = true);
  /// It has said that it has nothing of use.
  void gap_refused(std::uint64_t number, const std::string& why);
  void verify_for_gap(gap& g, const std::vector<matrix::event_ptr>& events);
  void verify_told_of_gap(std::uint64_t number);
  /// The state before an event is that before its only parent, where that is no state event: who speaks is heard in the
  /// order in which they spoke, and not the last first. @returns the first event of this server that waits in a line
  /// that leads to this one
  std::uint64_t first_in_line(std::uint64_t work_id) const;
  void take_state_for_gap(std::uint64_t number, matrix::state_map state);
  void gap_verified(std::uint64_t number, const std::vector<matrix::event_ptr>& events,
                    const std::vector<event_check>& checks);
  /// Whether a server that has nothing to add will have it in a moment.
  bool may_know_soon(const gap& g) const;
  void ask_whether_it_knows(gap& g);
  /// What another gap has fetched and is stuck with belongs to this one, which has been told of it too: the walk goes
  /// on behind it.
  std::size_t take_over(std::uint64_t number, const std::vector<matrix::event_ptr>& told);
  void missing_events_answered(std::uint64_t number, const std::vector<matrix::event_ptr>& told);
  void auth_events_answered(std::uint64_t number, std::vector<matrix::event_ptr> events);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  event_import& import_;
  content_repair& repair_;
  const history_backfill& history_;
  const remote_join& join_;
  events_under_way& inbound_;

  alarm_time alarm_;
  std::map<std::uint64_t, gap> gaps_; ///< by number
  std::uint64_t last_gap_ = 0;
  /// A question about what leads to an event whose gap was closed before the answer came.
  struct belated_question {
    std::uint64_t work_id = 0;
    std::string server;
  };
  std::map<token, belated_question> belated_;      ///< bounded
  std::map<std::string, std::uint64_t> gap_turns_; ///< server -> the last gap opened for an event of it
  struct gap_pause {
    time_ms until = 0;
    std::uint32_t attempts = 0;
  };
  std::map<std::uint64_t, gap_pause> gap_pauses_; ///< by event under way
  gap_answers answers_;
  std::map<std::string, time_ms> heard_;   ///< servers of the room -> when they were heard last; bounded
  std::map<std::string, time_ms> hanging_; ///< servers -> when they let a question about a gap hang; bounded
};

} // namespace causeway::room
