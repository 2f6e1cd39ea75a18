#pragma once
#include "plugin/store/event_rows.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace causeway::store::sql {

/// Events that were read and are still held by somebody. Queues of many servers hold the same events, and the parser is
/// most of what it costs to read one. An event is known by its text too: a redaction changes it.
class shared_events {
public:
  static constexpr std::size_t events_max = 4'096;

  /// Null: nobody holds it, or it reads otherwise by now.
  matrix::event_ptr find(const event_row& row) const {
    const auto found = known_.find(key_of(row));
    return found != known_.end() && found->second.text == fingerprint{row.json} ? found->second.event.lock() : nullptr;
  }
  void add(const event_row& row, const matrix::event_ptr& x) {
    if (known_.size() >= events_max) {
      std::erase_if(known_, [](const auto& k) { return k.second.event.expired(); });
      if (known_.size() > events_max / 2) known_.clear();
    }
    known_[key_of(row)] = {x, fingerprint{row.json}};
  }

private:
  /// In rooms of versions 1 and 2 an event has the id its server gave it.
  static std::string key_of(const event_row& row) { return std::to_string(row.room) + std::string{row.event_id}; }
  struct fingerprint {
    std::size_t bytes = 0, hash = 0;
    fingerprint() = default;
    explicit fingerprint(std::string_view text) : bytes(text.size()), hash(std::hash<std::string_view>{}(text)) {}
    bool operator==(const fingerprint&) const = default;
  };
  struct one {
    std::weak_ptr<const matrix::event> event;
    fingerprint text;
  };
  std::unordered_map<std::string, one> known_;
};

} // namespace causeway::store::sql
