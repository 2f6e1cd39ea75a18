#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/federation_switches.hpp"
#include "messages/session.hpp"

namespace causeway::directory {

/// What the chat server has switched of the federation: kept, then handed to the node, which replaces everybody's
/// settings; told. Contract: messages/chat/CONTRACT.md, "The federation".
class switching {
public:
  switching(const context& node, decision& out) : node_(node), out_(out) {}

  void load(const store::put_switches& from);
  /// On disk first, then in force, then answered: whoever speaks to us behind the answer finds it in force.
  void configure(const command_received& m, const chat::federation_configure& x);
  void tell(const command_received& m) const;

private:
  chat::federation_view view() const;

  const context& node_;
  decision& out_;
  federation_switches set_;
  time_ms since_ = 0;
};

} // namespace causeway::directory
