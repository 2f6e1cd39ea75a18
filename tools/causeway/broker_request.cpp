#include "tools/causeway/broker_request.hpp"

#include "tools/causeway/archive.hpp"
#include "tools/causeway/terminal.hpp"

#include <cstdio>
#include <utility>

namespace causeway::tools {

namespace json = matrix::json;

dated_reply answer_to(const broker_request& x, std::string_view command) {
  if (x.archive.empty()) {
    auto answer = ask(x.where, command, x.with);
    return {std::move(answer), now_ms()};
  }
  auto found = read_archive(x.archive, command);
  if (found) return {{reply::kind::done, std::move(found->body), {}}, found->made_ms};
  json::object why{{"code", json::value{std::string{info(found.error().code).name}}},
                   {"message", json::value{found.error().detail}}};
  return {{reply::kind::refused, std::move(why), {}}, now_ms()};
}

printed failure(const broker_request& x, const reply& answer) {
  const bool refused = answer.outcome == reply::kind::refused;
  printed out;
  out.code = refused ? exit_problem : exit_unreachable;
  if (x.how.json) {
    auto body = refused ? answer.body
                        : json::object{{"code", json::value{"unreachable"}}, {"message", json::value{answer.problem}}};
    out.out = json::canonical(json::object{{"error", json::value{std::move(body)}}}) + "\n";
  } else if (refused) {
    out.err = "causeway: " + printable(text_of(answer.body, "message")) + "\n";
    if (auto what = text_of(answer.body, "what_to_do"); !what.empty()) out.err += "  " + printable(what) + "\n";
  } else {
    out.err = "causeway: cannot reach the broker: " + printable(answer.problem) + "\n";
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
