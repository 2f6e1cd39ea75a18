#include "tools/causeway/broker_request.hpp"

#include "tools/causeway/archive.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

namespace causeway::tools {

namespace json = matrix::json;

namespace {

using row_test = bool (*)(const json::object& row, const admin::arguments& with);

/// How the answer to a command about one thing is made of a list: lists are archived.
struct archived_detail {
  std::string_view command;
  std::string_view list;   ///< the command that lists them
  std::string_view member; ///< of its answer, that holds the rows
  std::string_view part;   ///< of the answer that is made, that holds the row
  row_test is_wanted;
};

bool is_room(const json::object& row, const std::string& name) {
  return text_of(row, "room_id") == name || text_of(row, "chat_room_id") == name;
}

constexpr std::array<archived_detail, 5> archived_details = {{
  {"server.show", "servers", "servers", "server",
   [](const json::object& row, const admin::arguments& with) { return text_of(row, "server_name") == with.server; }},
  {"room.show", "rooms", "rooms", "room",
   [](const json::object& row, const admin::arguments& with) { return is_room(row, with.room); }},
  {"invite.show", "invites", "invitations", "invitation",
   [](const json::object& row, const admin::arguments& with) {
     return is_room(row, with.room) && text_of(row, "user_id") == with.user;
   }},
  {"dead_letter.show", "dead_letters", "dead_letters", "letter",
   [](const json::object& row, const admin::arguments& with) { return text_of(row, "id") == with.letter; }},
  {"actor.show", "actors", "actors", "actor",
   [](const json::object& row, const admin::arguments& with) {
     return text_of(row, "kind") == with.kind && text_of(row, "key") == with.key;
   }},
}};

/// What the broker has answered then, for what was in trouble; absent: it was not, or the archive is older than that.
std::optional<archived_answer> find_shown(const std::string& file, const archived_detail& what,
                                          const admin::arguments& with) {
  auto all = read_archive(file, what.command);
  if (!all) return {};
  const json::value body{std::move(all->body)};
  const auto* shown = body.find_array("shown");
  for (std::size_t i = 0; shown && i < shown->size(); ++i) {
    const auto* row = (*shown)[i].find_object(what.part);
    if (row && what.is_wanted(*row, with)) return archived_answer{*(*shown)[i].as_object(), all->made_ms};
  }
  return {};
}

/// {PART: row, waits_for: [what the row says it waits for]}
result<archived_answer> find_detail(const std::string& file, const archived_detail& what,
                                    const admin::arguments& with) {
  if (auto shown = find_shown(file, what, with)) return std::move(*shown);
  auto list = read_archive(file, what.list);
  if (!list) return list.error();
  const json::value body{std::move(list->body)};
  const auto* rows = body.find_array(what.member);
  for (std::size_t i = 0; rows && i < rows->size(); ++i) {
    const auto* row = (*rows)[i].as_object();
    if (row == nullptr || !what.is_wanted(*row, with)) continue;
    json::array waits;
    if (auto why = text_of(*row, "waits_for"); !why.empty()) waits.emplace_back(std::move(why));
    return archived_answer{json::object{{what.part, json::value{*row}}, {"waits_for", json::value{std::move(waits)}}},
                           list->made_ms};
  }
  return fault{fault_code::not_found,
               file + " has no such row; `causeway " +
                 (what.list == "dead_letters" ? std::string{"dead-letters ls"} : std::string{what.list}) +
                 " --archive " + file + "` tells which it has"};
}

bool is_event(const json::object& answer, const std::string& name) {
  const json::value whole{answer};
  const auto* event = whole.find_object("event");
  return event && (text_of(*event, "event_id") == name || text_of(*event, "chat_message_id") == name);
}

/// What was answered then about an event that waited.
result<archived_answer> find_event(const std::string& file, const std::string& name) {
  auto all = read_archive(file, "why");
  if (!all) return fault{fault_code::not_found, file + " is of a version that did not ask why events wait"};
  const json::value body{std::move(all->body)};
  const auto* shown = body.find_array("shown");
  for (std::size_t i = 0; shown && i < shown->size(); ++i)
    if (const auto* answer = (*shown)[i].as_object(); answer && is_event(*answer, name))
      return archived_answer{*answer, all->made_ms};
  return fault{fault_code::not_found, file + " has nothing of that event: it holds those that waited when it was made, "
                                             "fifty at most"};
}

result<archived_answer> look_into(const std::string& file, std::string_view command, const admin::arguments& with) {
  if (command == "why") return find_event(file, with.event);
  if (command == "keys" && !with.server.empty()) return fault{fault_code::not_found, file + " has our own key only"};
  if (command == "doctor" && !with.server.empty()) {
    auto seen = read_archive(file, command);
    if (seen && text_of(seen->body, "ServerName") != with.server)
      return fault{fault_code::not_found, file + " has what was seen of ourselves only"};
    return seen;
  }
  const auto detail = std::ranges::find(archived_details, command, &archived_detail::command);
  return detail == archived_details.end() ? read_archive(file, command) : find_detail(file, *detail, with);
}

} // namespace

dated_reply answer_to(const broker_request& x, std::string_view command) {
  if (x.archive.empty()) {
    auto answer = ask(x.where, command, x.with);
    return {std::move(answer), now_ms()};
  }
  auto found = look_into(x.archive, command, x.with);
  if (found) return {{reply::kind::done, std::move(found->body), {}}, found->made_ms};
  json::object why{{"code", json::value{std::string{info(found.error().code).name}}},
                   {"message", json::value{found.error().detail}}};
  return {{reply::kind::refused, std::move(why), {}}, now_ms()};
}

std::string why_unreached(const reply& answer) {
  return (answer.outcome == reply::kind::not_asked ? "cannot ask the broker: " : "cannot reach the broker: ") +
         printable(answer.problem);
}

printed failure(const broker_request& x, const reply& answer) {
  const bool refused = answer.outcome == reply::kind::refused;
  printed out;
  out.code = refused ? exit_problem : exit_unreachable;
  if (x.how.json) {
    const auto* code = answer.outcome == reply::kind::not_asked ? "not_asked" : "unreachable";
    auto body =
      refused ? answer.body : json::object{{"code", json::value{code}}, {"message", json::value{answer.problem}}};
    out.out = json::canonical(json::object{{"error", json::value{std::move(body)}}}) + "\n";
  } else if (refused) {
    out.err = "causeway: " + printable(text_of(answer.body, "message")) + "\n";
    if (auto what = text_of(answer.body, "what_to_do"); !what.empty()) out.err += "  " + printable(what) + "\n";
  } else {
    out.err = "causeway: " + why_unreached(answer) + "\n";
  }
  return out;
}

int put_out(const printed& x) {
  std::fwrite(x.out.data(), 1, x.out.size(), stdout);
  std::fflush(stdout);
  std::fwrite(x.err.data(), 1, x.err.size(), stderr);
  return x.code;
}

} // namespace causeway::tools
