#pragma once
#include "messages/message.hpp"

#include <caf/all.hpp>

#include <memory>

/// What travels through CAF mailboxes. `causeway::message` is the variant of everything actors say to each other
/// (messages/message.hpp); events in it are shared, not copied. Local messages only: nothing is serialised.
namespace causeway {

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
/// The actor's own timer; `generation` tells a replaced one from the current.
struct timer_fired {
  std::string name;
  std::uint64_t generation = 0;
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
/// Node -> supervisor: end all children and yourself.
struct end_all {};
/// Node -> supervisor: make all children anew from the store, as when they fail, at once and without counting it: what they hold in memory is not true
/// any more (the clock was set). Their open commands are answered with `why`.
struct remake_all {
  fault why;
};
/// Node -> supervisor: what do you supervise?
struct supervision {
  std::string kind, key, phase, last_fault;
  std::int64_t since = 0;
  std::uint64_t handled = 0, failures = 0;
};
struct list_children {
  std::shared_ptr<std::function<void(std::vector<supervision>)>> done;
};

} // namespace causeway

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::routed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::batch_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::timer_fired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::may_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::restart_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::make_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::end_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::remake_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(causeway::list_children)

CAF_BEGIN_TYPE_ID_BLOCK(causeway, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(causeway, (causeway::routed))
CAF_ADD_TYPE_ID(causeway, (causeway::message))
CAF_ADD_TYPE_ID(causeway, (causeway::batch_committed))
CAF_ADD_TYPE_ID(causeway, (causeway::timer_fired))
CAF_ADD_TYPE_ID(causeway, (causeway::may_end))
CAF_ADD_TYPE_ID(causeway, (causeway::restart_due))
CAF_ADD_TYPE_ID(causeway, (causeway::make_due))
CAF_ADD_TYPE_ID(causeway, (causeway::end_all))
CAF_ADD_TYPE_ID(causeway, (causeway::remake_all))
CAF_ADD_TYPE_ID(causeway, (causeway::list_children))
CAF_END_TYPE_ID_BLOCK(causeway)
