#include "messages/edge/frame.hpp"

namespace causeway::edge {

std::string_view name(verb v) {
  switch (v) {
  case verb::hello: return "HELLO";
  case verb::welcome: return "WELCOME";
  case verb::command: return "COMMAND";
  case verb::result: return "RESULT";
  case verb::event: return "EVENT";
  case verb::ack: return "ACK";
  case verb::nack: return "NACK";
  case verb::credit: return "CREDIT";
  case verb::ping: return "PING";
  case verb::pong: return "PONG";
  case verb::seek: return "SEEK";
  case verb::bye: return "BYE";
  case verb::error: return "ERROR";
  }
  return "unknown";
}

bool is_verb(std::uint8_t byte) { return name(static_cast<verb>(byte)) != "unknown"; }

std::string_view name(role r) {
  switch (r) {
  case role::chat: return "chat";
  case role::gateway: return "gateway";
  case role::inspector: return "inspector";
  case role::admin: return "admin";
  case role::node: return "node";
  }
  return "unknown";
}

} // namespace causeway::edge
