#pragma once
#include <string>

/// Names that the chat server gives.
namespace causeway::store {

/// The chat server's id of a message <-> event id.
struct bind_message {
  std::string room_id, chat_message_id, event_id;
};

/// An event of a room that was founded again, and what it was there. All names of that one mean it from now on, in its
/// own room: its event id, those it had in rooms before, and the chat server's.
struct put_former_name {
  std::string room_id, event_id;
  std::string former_room_id, former_event_id;
};

/// The chat server's id of a room <-> room id, also of a room that none of us is in yet. Another room that has that id
/// keeps it.
struct bind_room {
  std::string room_id, chat_room_id;
};

/// What a message is called on the other side.
struct find_message {
  std::string room_id;   ///< empty: any; the one that was bound last, where several rooms have that id
  std::string either_id; ///< chat message id or event id
};
struct message_found {
  std::string chat_message_id, event_id; ///< empty when unknown; of a former event id that of today
  std::string room_id = {};              ///< of one that was looked for in any room
};

} // namespace causeway::store
