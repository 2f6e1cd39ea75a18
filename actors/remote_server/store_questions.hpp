#pragma once
#include "actors/decision.hpp"
#include "messages/remote_server.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace causeway::remote_server {

/// Of transaction_queue: the events that are owed next.
struct refill_question {};
/// Of transaction_queue: the newest event of each room, after an outage.
struct catch_up_question {};
/// Of inbound_transactions: the answer to a transaction that may have been received before this actor began.
struct repetition_question {};
/// Of inbound_calls: the room of an event that the server asks for.
struct event_question {
  inbound_request request;
};

/// Questions to the store, by token: each answer belongs to the component that has asked. The store answers always,
/// with a fault at worst, so they need no deadline.
class store_questions {
public:
  using question = std::variant<refill_question, catch_up_question, repetition_question, event_question>;

  explicit store_questions(decision& out) : out_(out) {}

  token ask(question what, store::query query) {
    const auto asked = out_.next_token();
    open_.emplace(asked, std::move(what));
    out_.ask(asked, std::move(query));
    return asked;
  }
  /// The question that is answered. Nothing: of an earlier incarnation.
  std::optional<question> close(token asked) {
    auto node = open_.extract(asked);
    return node ? std::optional{std::move(node.mapped())} : std::nullopt;
  }
  template <class Question>
  bool is_open() const {
    return std::any_of(open_.begin(), open_.end(),
                       [](const auto& each) { return std::holds_alternative<Question>(each.second); });
  }

private:
  decision& out_;
  std::map<token, question> open_;
};

} // namespace causeway::remote_server
