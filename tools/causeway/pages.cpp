#include "tools/causeway/pages.hpp"

#include "plugin/admin/rows.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <string_view>

namespace causeway::tools {

namespace json = matrix::json;

const column_names room_columns = {"room_id", "chat_room_id", "type", "phase", "events", "staged", "waits_for"};
const column_names server_columns = {"server_name", "state",       "queued",      "oldest_waiting_ts",
                                     "failures",    "invitations", "retry_at_ts", "last_fault"};
const column_names invite_columns = {"user_id",  "room_id",     "direction",   "state",     "since_ts",
                                     "attempts", "retry_at_ts", "deadline_ts", "last_fault"};
const column_names actor_columns = {"kind",    "key",      "phase",    "mailbox",   "oldest_waiting_ts",
                                    "handled", "failures", "since_ts", "last_fault"};
const column_names dead_letter_columns = {"id", "event", "room_id", "event_id", "refused_ts", "reason"};

namespace {

const column_names member_columns = {"user_id", "membership", "display_name", "by", "since_ts"};
const column_names event_columns = {"event_id", "type", "sender", "depth", "written_ts"};

/// One answer, written down part by part.
class page {
public:
  page(const json::object& body, std::int64_t now_ms) : whole_(body), now_ms_(now_ms) {}

  page& table_of(std::string_view member, std::string_view title, const column_names& columns) {
    if (const auto* rows = whole_.find_array(member); rows && !rows->empty())
      text_ += "\n" + std::string{title} + "\n" + table(*rows, columns, now_ms_);
    return *this;
  }

  /// That the list above is not whole. @param total  member with how many there are
  page& more_of(std::string_view member, std::string_view total) {
    const auto* rows = whole_.find_array(member);
    const auto* all = whole_.find_integer(total);
    if (rows && all && *all > static_cast<std::int64_t>(rows->size()))
      text_ += "... " + std::to_string(*all - static_cast<std::int64_t>(rows->size())) + " more; see --limit\n";
    return *this;
  }

  page& waits() {
    const auto* list = whole_.find_array("waits_for");
    if (!list) return *this;
    text_ += "\nWhat waits, and for what\n";
    if (list->empty()) text_ += "  Nothing waits.\n";
    for (const auto& x : *list)
      if (const auto* sentence = x.as_string()) text_ += "  " + printable(*sentence) + "\n";
    return *this;
  }

  /// Nothing where nobody has looked for it: in an archive.
  page& actor() {
    if (whole_.find("actor") == nullptr) return *this;
    const auto* found = whole_.find_object("actor");
    text_ += "\nActor\n";
    if (!found) text_ += "  not in memory\n";
    else {
      column_names shown;
      for (const auto& x : *found) shown.push_back(x.key);
      text_ += sheet(*found, shown, now_ms_);
    }
    return *this;
  }

  template <class Row>
  page& sheet_of(std::string_view member, std::string_view title = {}) {
    const auto* row = whole_.find_object(member);
    if (!row) return *this;
    text_ += title;
    auto shown = names_of(admin::columns<Row>());
    std::erase(shown, "waits_for"); // printed in full by `waits`
    text_ += sheet(*row, shown, now_ms_);
    return *this;
  }

  const json::value& whole() const { return whole_; }
  std::string text() const { return text_; }

private:
  json::value whole_;
  std::int64_t now_ms_;
  std::string text_;
};

} // namespace

std::string room_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::room_row>("room")
    .waits()
    .table_of("members", "Members", member_columns)
    .more_of("members", "members_total")
    .table_of("servers", "Servers", server_columns)
    .table_of("invitations", "Invitations", invite_columns)
    .table_of("extremities", "Head of the event graph", event_columns)
    .table_of("staged", "Received, waiting for missing events", {"event_id", "origin", "received_ts"})
    .actor()
    .text();
}

std::string server_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::server_row>("server")
    .waits()
    .table_of("queue", "Queue, oldest first", {"event_id", "room_id", "type", "sender", "written_ts"})
    .table_of("rooms", "Rooms shared with it", {"room_id", "chat_room_id"})
    .table_of("errors", "Last errors", {"ts", "phase", "text"})
    .table_of("returned", "Errors we answered to it", {"ts", "phase", "text"})
    .table_of("staged", "Received from it, waiting for missing events", {"event_id", "room_id", "received_ts"})
    .table_of("refused", "Refused by the server and not sent any more, latest first",
              {"event_id", "room_id", "type", "reason", "refused_ts"})
    .table_of("invitations", "Open invitations", invite_columns)
    .table_of("keys", "Verify keys", {"key_id", "public_key", "old", "valid_until_ts"})
    .actor()
    .text();
}

std::string invite_page(const json::object& body, std::int64_t now_ms) {
  return page{body, now_ms}
    .sheet_of<admin::invite_row>("invitation")
    .waits()
    .sheet_of<admin::server_row>("server", "\nServer of the other side\n")
    .actor()
    .text();
}

std::string status_page(const json::object& body, std::int64_t now_ms) {
  auto out = "causeway " + printable(text_of(body, "version")) + ", " + printable(text_of(body, "server_name")) + "\n";
  const auto* found = body.find("alarms");
  const auto* rows = found ? found->as_array() : nullptr;
  if (!rows || rows->empty())
    return out + "All is well.\n"
                 "  With the broker as a whole. A message that is late: `causeway why EVENT`; "
                 "part by part: `causeway check`.\n";
  for (const auto& row : *rows)
    if (const auto* alarm = row.as_object())
      out += "\n" + sheet(*alarm, names_of(admin::columns<admin::alarm_row>()), now_ms);
  return out;
}

std::string actor_part(const json::object& body, std::int64_t now_ms) { return page{body, now_ms}.actor().text(); }

} // namespace causeway::tools
