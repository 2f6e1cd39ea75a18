#pragma once
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::directory {

/// The public directory of this server: rooms made here that anybody may join, by the entries they have told. Pages of
/// it, most members first, for other servers and for the chat server. Pure. Source: server-server-api, "Public Room
/// Directory".
class public_directory {
public:
  static constexpr std::size_t page_default = 100;
  static constexpr std::size_t page_max = 500;

  /// Which rooms a page holds.
  struct filter {
    std::string term; ///< lower case, of ASCII letters; empty: any
    bool any_type = true, without_type = false;
    std::vector<std::string> types;

    bool admits(const matrix::json::object& room) const;
  };
  /// Rooms with `text` in name, topic or alias.
  static filter filter_for(std::string_view text);

  struct page {
    std::vector<const matrix::json::object*> rooms; ///< until the directory changes
    std::string before, after;                      ///< places of the pages around it; empty: there is none
  };

  /// The entry of a room; null: it has none any more.
  void put(const std::string& room_id, const matrix::json::object* entry);
  /// @param since  a place of a page, or nothing
  /// @returns nothing: `since` is no place of a page
  std::optional<page> find(const filter& wanted, std::string_view since, std::size_t limit) const;
  std::size_t size() const { return rooms_.size(); }

private:
  /// Most members first, then by id. The number is negative.
  using order = std::pair<std::int64_t, std::string>;
  struct place {
    bool backwards = false;
    order at;
  };
  static std::string text_of(bool backwards, const order& at);
  static std::optional<place> place_of(std::string_view text);

  std::map<order, matrix::json::object> rooms_;
  std::unordered_map<std::string, std::int64_t> members_; ///< room id -> its number there
};

} // namespace causeway::directory
