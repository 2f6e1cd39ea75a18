#pragma once
#include "actors/decision.hpp"
#include "messages/fault.hpp"
#include "messages/room.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>

namespace causeway::directory {

/// The chat server's ids of rooms, both ways, those of rooms that are still being created included. A room has one.
class room_names {
public:
  /// A room.create that has not reported back by then has failed.
  static constexpr time_ms creating_ms_max = 60'000;

  using chat_ids = std::unordered_map<std::string, std::string>; ///< room id -> the chat server's id

  struct creation {
    std::string room_id;
    time_ms since = 0;
    std::string alias; ///< localpart; empty: none
  };

  explicit room_names(decision& out) : out_(out) {}

  /// @param is_succeeded  another room, which is there, has taken its place
  void load(const store::directory_loaded::room& r, bool is_succeeded);

  /// @param named  a room id or the chat server's id. @returns faults bad_body, invalid_identifier, not_found; the
  /// detail begins with `room: `
  result<std::string> resolve(const std::string& named) const;
  /// The room with that id of the chat server, where it has been made; null: none.
  const std::string* find(const std::string& chat_room_id) const;
  /// The chat server's id of a room; null: it has none.
  const std::string* chat_id_of(const std::string& room_id) const;
  const chat_ids& by_room() const { return chat_id_by_room_; }
  std::size_t size() const { return room_by_chat_id_.size(); }

  /// A room.create that has not reported back yet; null: none is under way for that id.
  const creation* under_way(const std::string& chat_room_id) const;
  /// Whether a room that is being created is to have that alias. @param alias  localpart
  bool is_being_given(const std::string& alias) const;
  void begin(const std::string& chat_room_id, creation c) { creating_[chat_room_id] = std::move(c); }
  /// What was begun under the name that a room now says it has; null: nothing. Until `name`.
  const creation* begun(const room_named& m) const;
  std::size_t creating() const { return creating_.size(); }

  /// The chat server calls a room so from now on, on disk as well.
  void bind(const std::string& room_id, const std::string& chat_room_id);
  /// A room says how it is called. One that did not know it is told.
  void name(const room_named& m);
  /// Another room has taken the place of one.
  void succeed(const room_succeeded& m);

private:
  decision& out_;
  std::unordered_map<std::string, std::string> room_by_chat_id_;
  chat_ids chat_id_by_room_;
  std::unordered_map<std::string, std::string> refounded_as_; ///< room id -> the room that has taken its place
  std::map<std::string, creation> creating_;                  ///< by the chat ids of rooms on their way
};

} // namespace causeway::directory
