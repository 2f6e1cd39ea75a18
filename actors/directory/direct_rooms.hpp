#pragma once
#include "actors/effects.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"
#include "messages/session.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::directory {

/// Which rooms may be the direct message of which two people, and a room.create for those two while their rooms are
/// asked. By what rooms have said of themselves, perhaps a while ago: the room alone knows whether it is one. Pure; a
/// part of the directory.
class direct_rooms {
public:
  /// Rooms that are asked for one room.create, one after the other.
  static constexpr std::size_t asked_max = 5;
  /// A room that says nothing for so long is none.
  static constexpr time_ms patience_ms = 10'000;
  /// Commands that name a room of which it is being found out whether it is there already.
  static constexpr std::size_t held_back_max = 100;

  /// A room.create of a dm whose room may be there already.
  struct creation {
    command_received command;
    chat::room_create wanted;       ///< with Matrix ids
    std::string creator;            ///< as the chat server calls them
    std::vector<std::string> rooms; ///< still to be asked
    std::string asking;
    token asked = 0;
    time_ms since = 0;
    std::vector<command_received> held_back;
  };

  /// @param listing  of the room; null: nobody of ours is in it any more
  void listed(const std::string& room_id, const matrix::json::value* listing);
  /// An invitation to the room is open, which its listing may not know.
  void invited(const std::string& room_id, const std::string& user_id);
  /// A dm of these two has just been made.
  void made(const std::string& room_id, const std::string& creator, const std::string& other);
  /// The room has said that it is none of the two whom it was asked about.
  void missed(const std::string& room_id) { set(room_id, {}); }
  /// Rooms that may be a dm of the two, at most `asked_max`.
  std::vector<std::string> between(const std::string& a, const std::string& b) const;
  std::size_t size() const { return people_.size(); }

  void begin(creation c);
  /// The creation that asks under this number; nothing: none does any more.
  std::optional<creation> take(token asked);
  std::optional<creation> take_overdue(time_ms now);
  /// The creation that is under way for the chat server's id of a room; null: none is.
  creation* find(const std::string& chat_room_id);
  /// When the first one is overdue; 0: none is under way.
  time_ms deadline() const;

private:
  static std::string key_of(const std::string& a, const std::string& b) { return a < b ? a + ' ' + b : b + ' ' + a; }
  void set(const std::string& room_id, std::set<std::string> people);

  std::unordered_map<std::string, std::set<std::string>> people_; ///< room -> one or two
  std::unordered_map<std::string, std::set<std::string>> rooms_;  ///< pair -> rooms
  std::map<std::string, creation> creating_;                      ///< by the chat server's id
};

} // namespace causeway::directory
