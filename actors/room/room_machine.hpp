#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "actors/incarnation.hpp"
#include "actors/room/arriving_invites.hpp"
#include "actors/room/content_repair.hpp"
#include "actors/room/held_pdus.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/room_graph.hpp"
#include "actors/room/told_state.hpp"
#include "actors/room/uncommitted_invites.hpp"
#include "actors/room_type.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/policy_server.hpp"

#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace causeway::room {

/// Where an event on its way into the room stands; what the inspector prints.
enum class work_phase : std::uint8_t { formed, verifying, waiting_for_keys, gathering, waiting_for_parents, closing_gap, asking_policy_server, done };
std::string_view name(work_phase p);

/// A room: its graph, its authority. Pure: a message and the time come in, effects go out.
/// Files: room_machine.cpp (life), receive.cpp (the way of a foreign event), intake.cpp (how much is let in),
/// held.cpp (what comes during our join), gaps.cpp and gap_questions.cpp (missing events), outliers.cpp
/// (what was told beside them), history.cpp (the past of a join), author.cpp (events of our users), forks.cpp (too many ends of the graph),
/// create.cpp, commands.cpp, invitations.cpp, serve.cpp (questions of other servers), membership.cpp (make_join and the like), knock.cpp (who asks to be let in),
/// restricted.cpp (joins that depend on membership elsewhere), join.cpp (joining through another server), join_through.cpp (by the word of
/// another resident), typing.cpp,
/// members_omitted.cpp (a room joined without its members), redact.cpp (redactions), policy.cpp (the room's policy server),
/// tell_chat.cpp (what the chat server hears).
class room_machine {
public:
  room_machine(const context& node, std::string room_id);

  effects on(const message& m, time_ms now);
  /// One JSON object for the operator.
  std::string describe(time_ms now) const;

private:
  // -- life (room_machine.cpp)
  void dispatch(const message& m);
  void loaded(const store::room_loaded& from);
  void store_answer(const store_answered& m);
  void timer(const timer_due& m);
  effects flush();
  void consider_idle();

  // -- the way of a foreign event (receive.cpp)
  struct batch {
    address reply_to;
    token asked = 0;
    std::vector<pdu_outcome> outcomes;
    std::size_t open = 0;
  };
  enum class policy_verdict : std::uint8_t { unknown, wanted, asked, fine, denied };
  using waiter = std::pair<std::uint64_t, std::size_t>; ///< (batch, index of its outcome)
  /// One form in which an event came, until one of them has proved genuine: signatures and all that a redaction removes are no part of the
  /// event's id, so anybody may bring a bogus copy before the genuine one comes.
  struct unverified_copy {
    enum class state : std::uint8_t { verifying, no_key, stripped } is = state::verifying; ///< stripped: signed, but its content does not match its hash
    matrix::event_ptr event;
    std::string origin;
    std::vector<waiter> waiters;
    bool staged = false; ///< on disk
    std::size_t bytes = 0; ///< of its text, where it is staged
  };
  struct work {
    matrix::event_ptr event; ///< while there are `copies`: the first of them
    std::string origin;
    work_phase phase = work_phase::formed;
    time_ms phase_since = 0;
    std::vector<unverified_copy> copies; ///< empty: `event` is verified
    enum class author : std::uint8_t { unasked, asked, answered } author_of_stripped = author::unasked; ///< whether its own server was asked for the whole
    std::uint64_t pulled_for = 0; ///< the gap we asked for it for; nobody else waits. 0: none
    bool pulled() const { return pulled_for != 0; }
    bool stripped = false;     ///< `event` is what the redaction left of a copy that did not match its hash
    bool stands_alone = false; ///< placed by a state of its own, its parents aside: they come as what they are, not as its history
    bool in_inbox = false;   ///< staged: on disk, answered for
    std::size_t bytes = 0;   ///< of its text, where it is staged; 0: not counted yet
    bool looked_up = false;  ///< the store was asked for its unknown parents
    policy_verdict policy = policy_verdict::unknown; ///< of the room's policy server, where its signature was missing
    std::string policy_reason;
    time_ms since = 0;
    std::optional<matrix::state_map> told_state; ///< state before it, as another server told (oldest events of a gap)
    bool rests_on_told = false;     ///< so was `told_state`; otherwise it is known: a room begins with none
    bool distrusts_parents = false; ///< unlawful after its parents, whose own states were only told: a state of its own is asked for
    std::vector<waiter> waiters;
    void enter(work_phase next, time_ms now) {
      if (phase != next) phase_since = now;
      phase = next;
    }
  };
  using work_map = std::map<std::uint64_t, work>; ///< by order of arrival
  void receive(const pdus_received& m);
  struct intake {
    std::string origin;
    std::uint64_t batch_id = 0; ///< 0: nobody waits for the outcomes
    std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies = {}; ///< to be verified
    bool wanted_now = false;        ///< something that was pulled for a gap is waited for by itself
    std::string last_event_id = {}; ///< of the PDU that was taken last
  };
  enum class taken : std::uint8_t { settled, waits, handed_on }; ///< handed_on: to an invitation
  /// @param row  its id in the inbox, where it is staged already
  taken take_pdu(intake& in, std::size_t i, matrix::json::object& pdu, const std::string& row = {});
  // -- how much is let in (intake.cpp)
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
  // -- what comes during our join (held.cpp)
  /// Whether PDUs cannot be judged yet and wait on disk.
  bool holds_pdus() const;
  const matrix::room_version_rules* rules_of_held() const;
  void hold(const pdus_received& m);
  /// What a former life of this actor held for a join that it did not see the end of.
  void load_held(const std::vector<store::put_inbox>& rows);
  /// Our join has ended, one way or the other: they go the way of all others.
  void release_pdus();
  void release(std::deque<held_pdu> held);
  /// A new event on its way, still to be verified.
  std::uint64_t begin_work(const matrix::event_ptr& x, const std::string& origin, std::uint64_t pulled_for = 0);
  /// @returns how many of them are new, or another form of one that is not verified yet
  std::size_t enqueue_pulled(const std::vector<matrix::event_ptr>& events, const std::string& origin, std::uint64_t gap_number);
  /// Another form of an event that is not verified yet. @returns whether it is one that was not there
  bool add_copy(std::uint64_t id, work& w, const matrix::event_ptr& x, const std::string& origin, std::optional<waiter> waits);
  void copy_verified(std::uint64_t id, const matrix::event_ptr& x, event_check check);
  /// What is to be done about the copies of an event, as far as they are known.
  void settle_copies(std::uint64_t id);
  void adopt(work& w, const matrix::event_ptr& x, const std::string& origin);
  /// A copy whose content was taken out may be a relay's doing: the whole is asked for where it was made. @returns whether it is
  bool ask_author(std::uint64_t id, work& w);
  void author_answer(std::uint64_t id, const peer_answer& m);
  /// Whether others have waited long enough for this one: it may wait for a key, or for what nobody has, for a day.
  bool is_stalled(const work& w) const;
  void stalled_overdue();
  void wake_for_stalled();
  // -- content that a copy was robbed of (content_repair.cpp)
  /// The event is known; the copy at hand may have what the kept one lost.
  void consider_restoring(const node& kept, const matrix::event_ptr& copy);
  void ask_for_kept(const matrix::event_ptr& copy);
  void restore(const matrix::event_ptr& copy, const store::stored_event& kept);
  /// Has the servers asked that made these events, whose content did not match its hash.
  void repair(const std::vector<matrix::event_ptr>& stripped, const std::string& giver);
  void repair_next();
  void verified(const events_verified& m);
  /// Places every event that can be placed; asks for what is missing.
  void advance();
  bool advance_one(std::uint64_t id, work& w, std::vector<std::string>& to_look_up, bool& removed);
  /// @returns false: unlawful by a state that was only told. That decides nothing for good: it stays, another state is asked for
  bool accept(std::uint64_t id, work& w);
  void end_work(std::uint64_t id, const std::string& error);
  void stage(work& w);

  // -- gaps (gaps.cpp, gap_questions.cpp)
  struct gap {
    std::uint64_t number = 0;
    std::uint64_t work_id = 0;
    bool paused = false; ///< something is under way that others do; it goes on when that has moved
    time_ms since = 0;   ///< of the question that is open
    time_ms progress = 0; ///< when an answer last brought something
    time_ms not_before = 0; ///< paused until then, or until what it waits for is placed
    std::set<std::uint64_t> met; ///< works that came by another way and lie on this one: verified, and stuck
    std::set<std::string> refuted; ///< events that were pulled and are nobody's word
    std::set<std::string> turned_to; ///< servers that had their turn
    bool lone = false;   ///< nobody besides the pusher can be asked: it is waited for
    std::uint32_t attempts = 0; ///< before this one; each is more patient
    bool alone = false;   ///< what leads to it cannot be had or verified: the state at the event itself is asked for
    std::string pusher;  ///< who sent the event
    std::string server;  ///< whose turn it is
    std::deque<std::string> to_try; ///< after it
    std::uint32_t rounds = 0;
    bool walk_ended = false;      ///< no more events are asked for: the state at the oldest is
    std::uint32_t unanswered = 0; ///< attempts of the question that is open
    std::uint32_t questions = 0;  ///< asked in this attempt
    token asked = 0;
    enum class step : std::uint8_t { missing_events, state_ids, state_event, state, auth_events, event } at = step::missing_events;
    /// One that was not answered in time. Others are asked meanwhile; who answers first leads on.
    struct late_question {
      token asked = 0;
      step at = step::missing_events;
      std::string server, asked_of, event_id;
    };
    std::vector<late_question> late;
    std::string asked_of;
    std::string event_id; ///< whose ancestors, state or auth chain are asked, or which is
    told_state told;      ///< the answer to `state`, until all of it is verified
    std::set<std::pair<std::string, std::string>> states_asked; ///< (server, event)
    /// A state that was told by its ids, while the few of its events that are unknown are fetched.
    struct state_by_ids {
      std::string server, event_id; ///< who told it, and before which event it is
      std::vector<std::string> ids; ///< of the state
      std::deque<std::string> missing; ///< of the state and its auth chain
    };
    std::optional<state_by_ids> by_ids;
    std::set<std::pair<std::string, std::string>> whole_wanted; ///< (server, event) where ids lead to nothing
    std::set<std::string> silent_witnesses;                     ///< events whose state somebody did not answer for
    std::set<std::string> chains_asked, singles_asked;          ///< of `server`
    std::vector<matrix::event_ptr> loose;                       ///< proven, of auth chains, and still without what they rest on
  };
  /// What the open gap waits for: of the event it is for, and of those that were pulled.
  struct lacking {
    std::vector<const work*> parents, states, authority;
    bool waits = false; ///< for an event that is being worked on
  };
  using gap_ref = std::map<std::uint64_t, gap>::iterator;
  lacking gap_lacks(const gap& g) const;
  static bool is_part_of(const gap& g, std::uint64_t id, const work& w) { return w.pulled_for == g.number || id == g.work_id || g.met.contains(id); }
  void consider_gap();
  bool needs_gap(std::uint64_t id, const work& w) const;
  const gap* gap_of(std::uint64_t work_id) const;
  void drop_pulled();
  void open_gap(std::uint64_t work_id, const work& target);
  void next_gap_server(std::uint64_t number, const std::string& why);
  void heard_from(const std::string& server);
  time_ms last_heard(const std::string& server) const;
  /// It has let a question about a gap hang a moment ago: those that answer go before it.
  bool hangs(const std::string& server) const;
  void left_hanging(const std::string& server);
  /// How long the open question is waited for before somebody else is asked besides.
  time_ms patience_of(const gap& g) const;
  /// Another server sends an event that is being worked on: it can be asked for what that lacks.
  void also_pushed(std::uint64_t work_id, const std::string& server);
  /// The open question stays open while others are asked.
  static void put_aside_question(gap& g);
  /// @returns whether the answer is to a question that was put aside and leads on: it is the open one again
  bool take_up_question(const peer_answer& m);

  // -- events that nobody can place (refuted.cpp)
  /// Ends the work on a verified event for good, and remembers it.
  void refute(std::uint64_t id, const std::string& why);
  /// @returns whether `parent` does not count among the parents of `x`: it is refuted, and another is not
  bool is_left_out(const matrix::event& x, const std::string& parent) const;
  std::vector<std::string> parents_that_count(const matrix::event& x) const;
  /// @returns whether something moved
  bool refute_circles();
  void ask_gap(std::uint64_t number);
  void ask_for_gap(gap& g, gap::step what, const std::string& server, const std::string& event_id, peer_request r);
  void ask_missing_events(gap& g, const std::vector<const work*>& ends);
  /// Who is asked next for the state at an event; nobody is left: nothing.
  std::optional<std::string> witness_for(const gap& g, const work& at) const;
  bool ask_state(gap& g, const work& at);
  /// The state at the event the gap is for, where what leads to it cannot be had.
  bool ask_state_of_target(gap& g);
  void ask_state_event(std::uint64_t number);
  void gap_state_ids(std::uint64_t number, const std::string& body);
  /// Its ids lead to nothing: the state is asked for whole.
  void ask_whole_state(std::uint64_t number);
  bool ask_authority(gap& g, const std::vector<const work*>& of);
  bool gap_answer(const peer_answer& m);
  void gap_answered(std::uint64_t number, const std::string& text);
  void resume_gaps();
  void gap_question_done(gap& g);
  /// Nothing is known of what the server has. @param again  it may be asked once more
  void gap_unanswered(std::uint64_t number, const std::string& why, bool again = true);
  /// It has said that it has nothing of use.
  void gap_refused(std::uint64_t number, const std::string& why);
  void verify_for_gap(gap& g, std::vector<matrix::event_ptr> events);
  void verify_told_of_gap(std::uint64_t number);
  void take_state_for_gap(std::uint64_t number, matrix::state_map state);
  void gap_verified(std::uint64_t number, const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks);
  void missing_events_told(std::uint64_t number, const std::vector<matrix::event_ptr>& events);
  void auth_events_told(std::uint64_t number, std::vector<matrix::event_ptr> events);
  void gaps_overdue();

  // -- what is told beside the events on their way (outliers.cpp)
  /// Events of this room among what a server gave.
  std::vector<matrix::event_ptr> formed(const matrix::json::array& pdus, matrix::count_policy counts) const;
  /// Those of them that are not at hand, of an auth chain or a state.
  std::vector<matrix::event_ptr> formed_unknown(const matrix::json::array& pdus) const;
  /// What is validly signed, redacted where the content does not match its hash.
  static std::vector<matrix::event_ptr> proven(const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks);
  /// Those whose content does not match its hash.
  static std::vector<matrix::event_ptr> stripped(const std::vector<matrix::event_ptr>& events, const std::vector<event_check>& checks);
  void add_outliers(std::vector<matrix::event_ptr> events);
  // -- the history before a join (history.cpp)
  void start_history(const std::string& server);
  void ask_history();
  /// So long the open question may last.
  std::uint32_t history_timeout_ms() const;
  void history_failed();
  void history_answer(const peer_answer& m);
  void history_verified(const std::vector<matrix::event_ptr>& events);
  struct history_fetch {
    std::string server;
    std::vector<std::string> from; ///< events that are asked for with their ancestors
    std::vector<matrix::event_ptr> events;
    std::uint32_t failures = 0;
    time_ms begun = 0;
    time_ms deadline = 0; ///< from the first events on; 0: none have come
    token asked = 0;
    bool verifying = false;
    time_ms since = 0;
    std::string auth_of;               ///< the event whose auth chain is being asked for; empty: none
    std::uint32_t auth_questions = 0;
    std::set<std::string> unjudgeable; ///< events whose auth events cannot be had
  };
  bool ask_history_auth();
  void history_auth_failed();
  void finish_history();
  void complete_history(const store::events_loaded& known);

  // -- events of our users (author.cpp)
  struct draft {
    std::string type, sender;
    std::optional<std::string> state_key;
    matrix::json::object content;
    std::string redacts = {}; ///< of an m.room.redaction: its target
    bool operator==(const draft&) const = default;
  };
  /// A signed event on top of the head, checked against the rules; not yet part of the graph.
  result<matrix::event_ptr> draft_event(const draft& d);
  /// The same, with the signature of the room's policy server where it has one. When that has to be asked for, `author_waits_` is set and
  /// the fault is none to tell: whoever asked is run again from its beginning once the answer is there, and then gets it for the same draft.
  /// Commands are run again by themselves; the handler of a message puts it into `policy_waiting_`.
  result<matrix::event_ptr> author(const draft& d);
  /// Takes an event we authored, or were handed over by its author, into the graph and queues it for the room's servers.
  /// @returns fault forbidden when the rules no longer allow it; it is then stored as what it is and goes nowhere
  causeway::status commit_local(const matrix::event_ptr& x, const std::vector<std::string>& further_servers = {}, const std::string& own_id = {});
  /// @param own_id  what the chat server calls the message
  void queue_for(const matrix::event_ptr& x, const std::vector<std::string>& servers, const std::string& own_id = {});
  /// Takes an invitation back at a server that is not in the room, where the room's own rules do not allow it any more (the inviter has left).
  /// That server has no state to judge by: it believes the inviter, about the very invite that is cited, and nobody else. The event is not
  /// part of the room and goes nowhere else.
  /// @returns false when the inviter is of another server or the invited one's takes part: nothing is told
  bool rescind_outside(const matrix::event_ptr& invite, const std::string& reason);
  /// Joined users of ours, sorted: all that differ in what they may do. Of those whom neither the power levels nor the create event names one is enough,
  /// however many there are.
  std::vector<std::string> local_speakers() const;
  /// Servers whose join has come to us and is not yet in the graph: what it cites is still to be had.
  std::vector<std::string> servers_arriving() const;

  // -- commands (commands.cpp, create.cpp)
  struct queued_command {
    chat_command command;
    time_ms since = 0;
    std::map<std::string, std::string> event_ids; ///< names of messages resolved to event ids; "?": there is none in this room
    /// message.send: whether the store knows its own id already. Asked on arrival, so that commands do not wait for each other.
    token id_asked = 0;          ///< not 0: no answer yet
    std::uint64_t id_asked_at = 0; ///< `message_names::bound()` then
    std::optional<result<std::string>> id_in_use; ///< event of that id, empty: none; or the store's fault
    bool withdrawn = false; ///< member.leave: the invitations that would be left behind have been taken back
    std::optional<store::redaction_loaded> target; ///< message.delete: what is to be deleted
  };
  void take_command(const chat_command& m);
  void run_commands();
  void run_waiting_commands();
  bool may_run_commands() const;
  bool resolve_names(queued_command& c);
  /// Whether it is known that the own id of a message.send is free, or whose it is; asks the store otherwise.
  bool own_id_known(queued_command& c);
  /// @returns false: the answer is not about the name of a message
  bool name_answered(const store_answered& m);
  void run(const queued_command& c, const chat::room_create& x);
  void run(const queued_command& c, const chat::room_join& x);
  void run(const queued_command& c, const chat::invite_send& x);
  void run(const queued_command& c, const chat::message_send& x);
  /// Mentions and relations of one event of a message.
  void mark(matrix::json::object& content, const queued_command& c, const chat::message_send& x, bool first) const;
  void run(const queued_command& c, const chat::message_delete& x);
  void run(const queued_command& c, const chat::member_leave& x);
  void run(const queued_command& c, const chat::typing& x);
  void run(const queued_command& c, const chat::query_room& x);
  void run(const queued_command& c, const chat::room_knock& x);
  void follow_knock(const matrix::event_ptr& knock, const command_reference& command);
  void run(const queued_command& c, const chat::knock_reject& x);
  template <class T>
  void run(const queued_command& c, const T&);
  void done(const command_reference& ref, std::string command_name, const chat::answer& what, bool keep = true);
  void failed(const command_reference& ref, std::string command_name, const fault& why);

  // -- invitations by our users, and of them (invitations.cpp)
  /// Authors an invite. One of ours is invited with it, it is in the graph; of another server's user the invitation is to be told.
  /// @returns nothing for a user of ours
  result<std::optional<invite_wanted>> invite(const std::string& by, const std::string& user, const std::string& reason);
  void tell_invite(const std::string& user, invite_wanted wanted);
  void tell_invites_again();
  /// A third person makes a dm a group_dm.
  void consider_group_with(const std::string& invited);
  void revoke(const revoke_invite& m);
  /// The invited server has signed: only now does the invitation exist for the room.
  void commit_invite(const invite_accepted_by_server& m);
  /// What invitations and knocks of ours have not heard of the room's state: their actor, or the room's, may have failed with the word of it.
  void tell_missed_invitations(const std::vector<store::put_invitation>& rows);
  invited_membership_changed invited_to(const matrix::event_ptr& invite) const;
  void take_arriving(const invite_arrived& m);
  /// Hands an invite of another server to the checks that pushed events pass. @returns false: too many wait
  bool receive_invite(const matrix::event_ptr& invite, const std::string& origin, arriving_invites::waiting next);
  void arrived_in_room(const pdus_handled& m);
  void arrival_settled(const matrix::event& x);
  void arrivals_overdue();
  invite_placed place_of(const matrix::event& invite) const;
  bool misses_invite(const join_wanted& m) const;
  /// What an invited or knocking server may know of the room: a JSON array of whole events. `inviter` empty: nobody's membership is told.
  std::string stripped_state(std::string_view inviter) const;
  /// Whose invitation or knock a command is about that is not carried out by the room; null: the room does.
  const std::string* user_of_invitation(const chat::command& body) const;

  // -- questions of other servers (serve.cpp)
  void serve(const federation_call& m);
  // -- make_join, send_join, make_knock, send_knock, make_leave, send_leave (membership.cpp)
  void membership_template(const federation_call& m, const char* membership);
  /// @param authoriser  user of ours who lets a restricted join in; empty: none is needed
  void offer_membership(const federation_call& m, const char* membership, const std::string& authoriser);
  void take_membership(const federation_call& m, const char* membership);
  void verify_membership(const federation_call& m, const matrix::event_ptr& x);
  /// Calls about a user whose invitation is at his server but not yet in the graph wait for it (a fast peer answers before
  /// our own request has returned). @returns whether `m` was held
  bool held_for_invite(const federation_call& m, const std::string& user);
  void release_held(const std::string& user);
  /// The invite of this user is in the graph, or will never be. @param event_id  empty: whichever it is
  void invite_settled(const std::string& user, std::string_view event_id);
  void withdrawal_ended(const std::string& user);
  /// Takes back what `user` would leave behind with nobody to answer for it. @returns whether his leave has to wait for that
  bool withdraws_first(const queued_command& c, const std::string& user);
  /// @returns whether the store was asked for parents of `x` first
  bool ask_for_parents(const federation_call& m, const matrix::event_ptr& x);
  void finish_send_membership(const federation_call& m, const matrix::event_ptr& x);
  void push_head_to(const std::string& server, const std::string& but);
  /// Answer to send_join; without most members where the room is large and the other server asked for that.
  std::string joined_body(const federation_call& m, const matrix::event& join, const state_ref& before) const;
  void serve_state(const federation_call& m, const store::events_loaded& found, bool ids_only);
  void serve_history(const federation_call& m, const store::events_loaded& found, bool as_missing_events);
  void serve_event(const federation_call& m, const store::events_loaded& found);
  void serve_event_auth(const federation_call& m, const store::events_loaded& found);
  status acl_allows(std::string_view server) const;
  void reply(const federation_call& m, int status, std::string body);
  void refuse(const federation_call& m, const fault& why);
  /// Whether it has a joined member, as far as they are known.
  bool server_takes_part(std::string_view server) const;
  status may_ask(const federation_call& m) const;
  bool is_served_after_leave(matrix::endpoint id) const;

  void hand_on_invite(const federation_call& m);

  // -- joins that depend on membership elsewhere (restricted.cpp)
  /// The join rule when it is `restricted` or `knock_restricted` and the version knows it, else null.
  matrix::event_ptr restricting_rules() const;
  bool needs_authorisation(std::string_view user) const;
  /// What goes on when it is known whether a user may be let in.
  struct make_join_call { federation_call call; };
  struct send_join_call { federation_call call; matrix::event_ptr join; };
  using authorised_step = std::variant<make_join_call, send_join_call, join_wanted>;
  struct authorisation {
    std::string user;
    authorised_step next;
    time_ms since = 0;
    std::set<token> open; ///< questions to other rooms
    bool unknown_room = false;
  };
  void authorise(const std::string& user, authorised_step next);
  void tell_member(const member_wanted& m);
  void member_known(const member_told& m);
  void authorisations_overdue();
  void authorised(const authorisation& a, const result<std::string>& authoriser);
  /// One of our users who may invite, the most powerful.
  std::optional<std::string> authoriser() const;
  result<std::string> granted() const;

  // -- too many ends of the graph (forks.cpp)
  void consider_forks();
  void forks_overdue();
  void merge_forks();
  std::optional<draft> merging_event() const;

  // -- who is typing (typing.cpp)
  void take_typing(const edu_received& m);
  void tell_typing(const std::string& user, bool is_typing);
  void typing_overdue();

  // -- what the directory knows of the room (listing.cpp)
  /// The room's entry of public directories and hierarchies.
  matrix::json::object summary() const;
  std::string listing() const;
  void tell_listing();
  void serve_alias(const federation_call& m);

  // -- spaces (hierarchy.cpp)
  void serve_hierarchy(const federation_call& m);
  bool shows_summary_to(std::string_view server, std::string_view parent, bool in_parent) const;
  void summarize(const summary_wanted& m);
  void child_summarized(const summary_told& m);
  void hierarchies_overdue();
  struct open_hierarchy {
    federation_call call;
    time_ms since = 0;
    matrix::json::array children_state;
    std::vector<std::string> children;         ///< in order
    std::map<token, std::string> open;         ///< question -> child
    std::map<std::string, summary_told> told;  ///< child -> answer
  };
  void finish_hierarchy(const open_hierarchy& h);

  // -- finding an event by time (timestamp.cpp)
  void serve_timestamp(const federation_call& m);
  struct time_search {
    federation_call call;
    std::int64_t ts = 0;
    bool forwards = true;
    std::uint32_t rounds = 0;
    matrix::event_ptr best;
    std::set<std::string> seen;
  };
  void search_further(time_search s, const store::events_loaded& found);
  void ask_search(time_search s, std::vector<std::string> from);

  // -- joining through another server (join.cpp)
  struct join_dance {
    join_wanted wanted;
    std::size_t via = 0;
    token asked = 0;
    enum class step : std::uint8_t { make_join, sizing, send_join, verifying } at = step::make_join;
    bool is_large = false;
    matrix::event_ptr join;
    told_state told;
    bool members_omitted = false;
    std::set<std::string> servers; ///< of the room, where members are omitted
    std::uint32_t verifications = 0; ///< asked for; again when the keys of some server could not be had
    std::optional<event_check> own_check; ///< of a restricted join, when it came back
    fault last;
    bool perhaps_joined = false; ///< a send_join was not answered
    time_ms since = 0;
  };
  void want_join(const join_wanted& m);
  void ask_join();
  void join_answer(const peer_answer& m);
  void join_template(const peer_answer& m);
  /// Our user's join in the shape the other server gave, signed; nothing of the template is taken over that he did not want.
  /// @returns faults peer_bad_answer, unsupported_room_version
  result<matrix::event_ptr> join_of_template(const peer_answer& m, const join_wanted& wanted) const;
  bool may_be_large() const;
  void ask_join_size();
  void join_size(const peer_answer& m);
  void send_join();
  void join_state(const peer_answer& m);
  void verify_join();
  /// Takes proven events in as outliers. @returns the state they make, without what is rejected
  matrix::state_map add_told(told_state::proven told);
  void join_verified(const events_verified& m);
  void join_next(const fault& why);
  void join_local(const join_wanted& m);
  void commit_join(const join_wanted& m, const std::string& authoriser);
  void join_ended(const join_wanted& m, const fault& why, bool perhaps_joined = false);
  void tell_invited();

  // -- joins of a room we are in, by the word of another resident (join_through.cpp)
  struct join_by_resident {
    join_wanted wanted;
    std::vector<std::string> via;
    std::size_t at = 0;     ///< of `via`
    token asked = 0;        ///< 0: the join is signed and on its way through the checks
    matrix::event_ptr join; ///< null: the template is asked for
    fault last;
    time_ms since = 0;
  };
  using resident_join = std::list<join_by_resident>::iterator;
  /// Servers of users who may invite, the most powerful first.
  std::vector<std::string> residents_that_may_grant() const;
  /// @param why  none of us can let him in
  void join_through(const join_wanted& m, const fault& why);
  void ask_resident(resident_join it);
  void resident_next(resident_join it, const fault& why);
  /// @returns whether it was the answer to such a request
  bool resident_answer(const peer_answer& m);
  void resident_template(resident_join it, const peer_answer& m);
  void resident_signed(resident_join it, const peer_answer& m);
  void resident_join_settled(const matrix::event& x, const std::string& error);
  void resident_joins_overdue();

  // -- a room that was joined without its members, until they have been fetched (members_omitted.cpp)
  struct without_members {
    std::string join;              ///< event id of our join: the state before it is what is fetched
    std::set<std::string> servers; ///< that were in the room then
    std::string server;            ///< asked, or to be asked next
    std::size_t tried = 0;         ///< servers asked in this round
    std::uint32_t failures = 0;    ///< rounds without success
    token asked = 0, reading = 0;
    time_ms since = 0;             ///< of the question that is open
    told_state told;
    std::optional<matrix::state_map> state;   ///< verified; being put under what came since
    std::map<std::string, store::stored_event> come_since; ///< of the store, our join included
    std::map<std::int64_t, matrix::state_ptr> states_before;
    std::int64_t last_position = 0; ///< of the room when the reading began
  };
  void begin_without_members(std::string join, std::string server, std::set<std::string> servers);
  void end_without_members();
  void load_without_members();
  void ask_members();
  void members_answer(const peer_answer& m);
  void members_verified(const events_verified& m);
  void members_failed(const std::string& why);
  void read_what_came_since(std::vector<std::string> from);
  void members_read(const store::events_loaded& found);
  void take_members();
  /// Servers with a joined member, as far as they are known.
  std::vector<std::string> servers_in_room() const;
  static constexpr std::size_t omitted_servers_max = 20'000;

  // -- the room's policy server (policy.cpp)
  struct policy_question {
    matrix::event_ptr event;
    matrix::policy_server guard;
    time_ms since = 0;
    std::uint32_t attempts = 0;
    std::optional<federation_call> join; ///< of a send_join or send_leave through us
    std::uint64_t work_id = 0;           ///< of an event that came; 0 and no `join`: our own
  };
  /// By the current state; nothing when it has no joined user.
  std::optional<matrix::policy_server> policy_server() const;
  void ask_policy(policy_question q);
  void policy_answer(const peer_answer& m);
  void policy_decided(policy_question q, result<matrix::event_ptr> outcome);
  void policy_overdue();
  /// Receipt check 7. @returns whether the event has to wait for the policy server
  bool policy_holds(std::uint64_t id, work& w);
  /// The same for a join or leave through us, which is refused rather than soft-failed.
  bool policy_holds(const federation_call& m, const matrix::event_ptr& x);
  struct own_event {
    draft wanted;
    std::optional<result<matrix::event_ptr>> outcome; ///< nothing: the policy server is being asked
  };

  // -- redactions (redact.cpp)
  struct held_redaction {
    std::string target, sender;
    bool by_power = false;
    std::int64_t order = 0; ///< of coming
  };
  void hold(const matrix::event& redaction, bool by_power);
  void make_room_for_held(std::string_view server);
  void look_up(const std::string& redaction_id, const std::string& target);
  void redaction_looked_up(const std::string& redaction_id, const store::redaction_loaded& found);
  bool may_redact(const held_redaction& r, const std::string& redaction_id, const matrix::event& target) const;
  /// The form in which an event enters the room: what a redaction that came before it leaves.
  matrix::event_ptr as_redacted(const matrix::event_ptr& x);
  /// After the event's own row: says in the store by what it was redacted.
  void settle_redaction(const matrix::event_ptr& x);
  void apply_redaction(const matrix::event_ptr& redaction, const store::stored_event& target, const std::string& chat_message_id);
  void drop_held(const std::string& redaction_id);
  bool has_power_to_redact(const matrix::event& redaction, const state_ref& before) const;
  /// Of an event fetched as history: by what it cites, the state before it is not known.
  bool has_power_to_redact(const matrix::event& redaction) const;
  void tell_state_redacted(const matrix::event& before, const matrix::event_ptr& after, const matrix::event& redaction);

  // -- what the chat server hears (tell_chat.cpp)
  void tell_created(chat::room_created created, std::vector<std::string> members, bool more_to_come);
  void tell_members(const std::vector<std::string>& members, std::size_t from, bool complete);
  void tell_progress(std::string phase, const std::string& user, const std::string& server, std::size_t done, std::size_t total);
  void tell_state_changes(const std::vector<state_change>& changes);
  void tell_membership(const state_change& c);
  /// To the invitation of the user: what the current state says, which is not news.
  /// @param past_invite  an invite of the room's graph that `e` has outlived
  void tell_membership_again(const matrix::event_ptr& e, const std::string& past_invite = {});
  void tell_outlived(const matrix::event& invite);
  /// The id of an invitation's event where the room has accepted it; otherwise empty.
  std::string accepted_invite(const store::put_invitation& invitation) const;
  void tell_event(const matrix::event_ptr& x, bool historical);
  /// Whether it is something the chat server shows as a message.
  static bool is_message_shown(const matrix::event& x);
  void notify(const chat::notification& n);
  /// When it was sent, as it may be shown: a server may write what it likes, but not far into the future.
  time_ms shown_ts(const matrix::event* x) const;
  void system_message(std::string kind, std::string actor, std::string target, std::string reason, const matrix::event* cause);
  /// Fills in the room's names, `event_id` and `ts`.
  void system_message(chat::system_message n, const matrix::event* cause);
  /// The room's name or topic (`type`) is `value` now; empty: it was removed.
  void tell_named(const std::string& type, const std::string& actor, std::string value, std::string reason, const matrix::event* cause);
  void tell_roles(const matrix::event& before, const matrix::event& after);
  std::string room_type() const;
  /// Whether it is a direct message, between two or more.
  bool is_direct() const { return head_.type == type_name(chat::room_type::dm) || head_.type == type_name(chat::room_type::group_dm); }
  /// By the current state, as far as its members are known. @param is_direct  one of ours was invited to a direct message
  room_traits traits(bool is_direct) const;
  /// A direct message that a third person is invited to or joins is one no more. With two left it stays what it has become.
  void consider_group();

  void write_room();

  const context& node_;
  const std::string room_id_;
  decision out_;
  incarnation life_;
  std::string expiring_; ///< whose invitation runs out with the leave that is being committed

  store::put_room head_;          ///< what is written of the room as a whole
  bool exists_ = false;
  bool head_changed_ = false;
  room_graph graph_;

  bool quiet_ = false; ///< while the chat server's own room.create is carried out

  work_map work_;
  std::unordered_map<std::string, std::uint64_t> work_by_event_;
  std::uint64_t last_work_ = 0, last_batch_ = 0;
  std::map<std::uint64_t, batch> batches_;
  struct verification {
    std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies; ///< (work, the form in which it came)
    time_ms since = 0;
  };
  std::map<token, verification> verifying_;
  /// Those of one server are asked about together, so that nobody waits for the keys of another.
  void ask_to_verify(std::vector<std::pair<std::uint64_t, matrix::event_ptr>> copies);
  std::map<token, std::uint64_t> asking_authors_; ///< -> work
  bool stalled_timer_ = false;
  content_repair repair_;
  std::map<token, matrix::event_ptr> restoring_; ///< copies with their content that wait for what the store has of them; bounded
  /// Once in the life of this actor: memberships on disk that nobody has signed are told to the operator.
  void audit_signatures();
  void audited(const std::vector<event_check>& checks);
  token audit_ = 0; ///< the question to the verifier
  std::vector<matrix::event_ptr> doubtful_;
  std::vector<std::string> unsigned_; ///< event ids of memberships that nobody has signed; the operator sees them
  void verify_again();
  struct rescission {
    std::uint64_t batch_id = 0;
    std::size_t index = 0;
    time_ms since = 0;
    std::string staged; ///< event id: it was answered for before we left the room, and stays in the inbox until the invitation has it
  };
  std::map<token, rescission> rescinding_; ///< PDUs that wait for an invitation
  void settle(std::uint64_t batch_id, std::size_t index, const std::string& error);
  /// An event that was away for a while (an invite at the other server) may have parents whose states were let go.
  /// @returns whether `m` was put aside until the store has told them
  bool fetch_parents_first(const matrix::event_ptr& x, const message& m);
  std::map<token, message> parents_wanted_;
  bool parents_told_ = false; ///< while a message that was put aside is taken up again
  /// Nobody of ours is in the room any more: what is staged or asked for serves nobody.
  void abandon_work();
  void hand_over_rescission(work& w);
  void watch();
  bool watching_ = false;
  bool idle_watched_ = false; ///< the timer `idle` is set; from when the room exists
  std::map<token, std::vector<std::string>> looking_up_;
  std::unordered_set<std::string> absent_; ///< ids the store does not have either (this round)
  std::map<std::uint64_t, gap> gaps_; ///< by number
  std::uint64_t last_gap_ = 0;
  std::map<token, std::pair<std::uint64_t, std::vector<matrix::event_ptr>>> importing_; ///< (gap, events being verified for it)
  std::map<std::string, std::uint64_t> gap_turns_;           ///< server -> the last gap opened for an event of it
  struct gap_pause {
    time_ms until = 0;
    std::uint32_t attempts = 0;
  };
  std::map<std::uint64_t, gap_pause> gap_pauses_;            ///< by work
  std::map<std::string, time_ms> heard_;                     ///< servers of the room -> when they were heard last; bounded
  std::map<std::string, time_ms> hanging_;                   ///< servers -> when they let a question about a gap hang; bounded
  std::unordered_set<std::string> refuted_;                  ///< verified events that nobody can ever place; bounded
  std::unordered_set<std::string> rest_on_told_;             ///< events that were placed with a state told for a gap, or on such a one; the last `rest_on_told_max`
  static constexpr std::size_t rest_on_told_max = 10'000;
  std::optional<history_fetch> history_;
  std::optional<without_members> without_members_;
  std::map<token, std::vector<matrix::event_ptr>> history_verifying_;
  token history_lookup_ = 0; ///< the store is asked which of the fetched events it has

  std::deque<queued_command> commands_;
  std::optional<token> resolving_;
  message_names message_names_;
  std::map<token, std::pair<command_reference, chat::room_view>> viewing_; ///< query.room that waits for the invitations
  std::map<token, federation_call> reading_;           ///< calls that wait for the store
  struct arriving_membership {
    federation_call call;
    matrix::event_ptr event;
    time_ms since = 0;
  };
  std::map<token, arriving_membership> joining_peers_; ///< send_join, send_leave being verified
  uncommitted_invites inviting_;
  arriving_invites arriving_invites_;
  std::vector<open_hierarchy> hierarchies_;
  std::vector<authorisation> authorising_;
  time_ms merge_not_before_ = 0;
  bool merge_due_ = false, merge_asked_ = false; ///< a timer, or the policy server, will bring the ends of the graph together
  std::map<std::string, time_ms> typing_until_; ///< users of other servers; bounded
  std::list<join_by_resident> joins_by_residents_;
  std::map<token, time_search> searching_;
  std::optional<std::string> last_listing_; ///< what the directory was told in this life
  std::int64_t listed_group_ = -1;          ///< state group it was computed for
  store::room_phase listed_phase_ = store::room_phase::joined;
  mutable std::int64_t left_in_group_ = -1; ///< state group that `left_at_` is of
  mutable time_ms left_at_ = 0;             ///< when the last of ours said his last, by his own clock
  struct held_call {
    time_ms since = 0;
    std::string user; ///< whose invitation it waits for
    federation_call call;
  };
  std::vector<held_call> held_calls_;
  std::map<token, policy_question> policy_questions_;
  std::optional<own_event> own_policy_;  ///< the event of ours that is with the policy server: one at a time, so they stay in order
  std::deque<message> policy_waiting_;   ///< to be taken up again after it
  bool author_waits_ = false;
  bool run_again_ = false;               ///< the command being run waits for the policy server
  bool running_commands_ = false;
  bool command_joins_ = false; ///< a room.join is carried out; the commands after it wait
  std::set<std::string> withdrawing_; ///< invitations the leave at the head of `commands_` waits for
  std::map<std::string, held_redaction> held_redactions_; ///< by the redaction's id; bounded
  std::multimap<std::string, std::string> redactions_of_; ///< target -> held redactions
  std::map<std::string, std::string> redacting_now_;      ///< event being taken in -> the redaction that applies to it
  std::map<token, std::string> redaction_lookups_;        ///< -> redaction
  std::int64_t last_held_ = 0;
  std::optional<join_dance> join_;
  std::vector<join_wanted> join_queue_;
  held_pdus held_; ///< bounded like `work_`, and together with it
  time_ms last_active_ = 0;
};

} // namespace causeway::room
