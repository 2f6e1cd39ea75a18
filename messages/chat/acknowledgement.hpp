#pragma once
#include "messages/chat/vocabulary.hpp"

#include <map>
#include <optional>
#include <string>

/// Body of an ACK: what the chat server calls the rooms and messages it was told of.
namespace causeway::chat {

/// Both maps from Matrix id to the chat server's.
struct bindings {
  static constexpr const char* name = "bindings";
  std::map<std::string, std::string> rooms;
  std::map<std::string, std::string> messages;

  static void fields(auto& f, auto& x) {
    f.optional("rooms", x.rooms, "Matrix id of a room -> your id.",
               {.bytes_max = limits::identifier_bytes_max, .entries_max = bindings_max});
    f.optional("messages", x.messages, "Event id -> your id of the message.",
               {.bytes_max = limits::identifier_bytes_max, .entries_max = bindings_max});
  }
};

struct acknowledgement {
  static constexpr const char* name = "acknowledgement";
  std::optional<bindings> bind;

  static void fields(auto& f, auto& x) { f.optional("bind", x.bind, "From then on either name works everywhere."); }
};

} // namespace causeway::chat
