#pragma once
#include "actors/supervisor/ranking.hpp"
#include "messages/message.hpp"

#include <caf/all.hpp>

#include <memory>

/// What travels through CAF mailboxes. `causeway::message` is the variant of everything actors say to each other
/// (messages/message.hpp); events in it are shared, not copied. Local messages only: nothing is serialised.
namespace causeway {

struct settings; // actors/context.hpp

/// To a supervisor: for the actor with this key.
struct routed {
  std::string key;
  message body;
};
/// Store -> the actor that persisted: batch number `sequence` is on disk, or why not.
struct batch_committed {
  std::uint64_t sequence = 0;
  fault why;
};
/// Store -> the actor that asked.
struct store_reply {
  token asked = 0;
  std::shared_ptr<const store::answer> answer;
  trace_id trace = 0; ///< under which it was asked
};
/// The actor's own timer; `generation` tells a replaced one from the current.
struct timer_fired {
  timer_name name = {};
  std::uint64_t generation = 0;
};
/// The actor's own: it may rest, if nothing has been said to it since its turn `turn`.
struct rest_due {
  std::uint64_t turn = 0;
};
/// Child -> supervisor: nothing left to do, after `handled` messages from you.
struct may_end {
  std::string key;
  std::uint64_t handled = 0;
  bool on_disk = true; ///< as the machine's `finish` says
};
/// Supervisor to itself: the pause before a restart is over.
struct restart_due {
  std::string key;
};
/// Supervisor to itself: others have had their turn, make some of the actors that are wanted.
struct make_due {};
/// Supervisor to itself: some of what a crowd of actors is told may be handed on.
struct bulk_due {};
/// Node -> supervisor: end all children and yourself.
struct end_all {};
/// Node -> supervisor: make all children anew from the store, as when they fail, at once and without counting it: what
/// they hold in memory is not true any more (the clock was set). Their open commands are answered with `why`.
struct remake_all {
  fault why;
};
/// Node -> supervisor -> its children: what the operator has changed. Those that are made later get it from their
/// factory.
struct settings_changed {
  std::shared_ptr<const settings> now;
};
/// Node -> supervisor: what do you supervise?
struct supervision {
  std::string kind, key, phase, last_fault;
  std::int64_t since = 0;
  std::uint64_t handled = 0; ///< messages, of those routed to it since it was made
  std::uint64_t mailbox = 0; ///< messages that wait: in its mailbox, or here while it is made
  std::uint64_t failures = 0;
  /// Nothing that waits is older; exact while the actor stands still, else up to twice as long ago. 0: nothing waits.
  std::int64_t oldest_waiting = 0;
  std::int64_t handling_us = 0; ///< time spent on messages since it was made
  std::int64_t retry_at = 0;    ///< when one that is parked is made again; 0: it is not parked
};
struct list_children {
  std::shared_ptr<std::function<void(std::vector<supervision>)>> done;
  std::optional<std::string> only = {}; ///< the one with this key
};
/// Node -> supervisor: what is new with them (actors/supervisor/sweep.hpp)?
struct children_seen {
  actor_kind kind = actor_kind::room;
  std::size_t children = 0;
  std::vector<supervision> changed; ///< as they are now
  std::vector<std::string> gone;    ///< keys of those that have ended
  bool begins = false;              ///< what has changed before is not known
  // Where totals were wanted:
  std::size_t parked = 0, restarting = 0;
  std::uint64_t mailbox = 0, mailbox_longest = 0; ///< messages that wait: of all, and of one
  std::uint64_t handled = 0;                      ///< messages, by those that are there
};
struct look_at_children {
  std::size_t rows_max = 0; ///< changed ones told at most; 0: totals only
  std::shared_ptr<std::function<void(children_seen)>> done;
};
/// Node -> supervisor: which of them stand first (actors/supervisor/ranking.hpp)?
struct children_ranked {
  struct one {
    supervision row;
    bool has_value = false; ///< in the column they are put in order by
    std::int64_t number = 0;
  };
  std::vector<one> first;
  children_counted counted;
};
struct rank_children {
  child_order wanted;
  std::shared_ptr<std::function<void(children_ranked)>> done;
};

} // namespace causeway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::routed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::store_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::batch_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::timer_fired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::may_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::restart_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::make_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::bulk_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::end_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::remake_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::settings_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::list_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::look_at_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::rank_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::rest_due)

CAF_BEGIN_TYPE_ID_BLOCK(causeway, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(causeway, (causeway::routed))
CAF_ADD_TYPE_ID(causeway, (causeway::store_reply))
CAF_ADD_TYPE_ID(causeway, (causeway::batch_committed))
CAF_ADD_TYPE_ID(causeway, (causeway::timer_fired))
CAF_ADD_TYPE_ID(causeway, (causeway::may_end))
CAF_ADD_TYPE_ID(causeway, (causeway::restart_due))
CAF_ADD_TYPE_ID(causeway, (causeway::make_due))
CAF_ADD_TYPE_ID(causeway, (causeway::end_all))
CAF_ADD_TYPE_ID(causeway, (causeway::remake_all))
CAF_ADD_TYPE_ID(causeway, (causeway::settings_changed))
CAF_ADD_TYPE_ID(causeway, (causeway::list_children))
CAF_ADD_TYPE_ID(causeway, (causeway::bulk_due))
CAF_ADD_TYPE_ID(causeway, (causeway::rest_due))
CAF_ADD_TYPE_ID(causeway, (causeway::look_at_children))
CAF_ADD_TYPE_ID(causeway, (causeway::rank_children))
CAF_END_TYPE_ID_BLOCK(causeway)
