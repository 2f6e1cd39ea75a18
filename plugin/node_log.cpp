#include "plugin/node_log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>

namespace causeway {
namespace {

spdlog::level::level_enum level_of(log_level x) {
  switch (x) {
  case log_level::debug: return spdlog::level::debug;
  case log_level::info: return spdlog::level::info;
  case log_level::warning: return spdlog::level::warn;
  case log_level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* name(log_level x) {
  switch (x) {
  case log_level::debug: return "debug";
  case log_level::info: return "info";
  case log_level::warning: return "warning";
  case log_level::error: return "error";
  }
  return "info";
}

/// For what the edges log by themselves: the same JSON lines.
class json_formatter : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& m, spdlog::memory_buf_t& out) override {
    matrix::json::object o;
    const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(m.time.time_since_epoch()).count();
    o.set("ts", static_cast<std::int64_t>(since_1970));
    o.set("level", std::string_view{spdlog::level::to_string_view(m.level).data(),
                                    spdlog::level::to_string_view(m.level).size()});
    std::string text{m.payload.data(), m.payload.size()};
    o.set("what", matrix::json::is_utf8(text) ? text : std::string{"(not UTF-8)"});
    auto line = matrix::json::canonical(o) + "\n";
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

} // namespace

node_log::node_log(const config::log_options& options) : json_(options.format == "json") {
  spdlog::sink_ptr sink;
  if (options.file.empty())
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  logger_ = std::make_shared<spdlog::logger>("causeway", std::move(sink));
  logger_->set_pattern(json_ ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
  logger_->set_level(options.level == "debug"     ? spdlog::level::debug
                     : options.level == "warning" ? spdlog::level::warn
                     : options.level == "error"   ? spdlog::level::err
                                                  : spdlog::level::info);
  logger_->flush_on(spdlog::level::info);
  // Standard output is for the readiness line; the edges' own lines go where all others go.
  spdlog::sink_ptr beside;
  if (options.file.empty())
    beside = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    beside = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  auto edges = std::make_shared<spdlog::logger>("causeway.edges", std::move(beside));
  if (json_)
    edges->set_formatter(std::make_unique<json_formatter>());
  else
    edges->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  edges->set_level(logger_->level());
  edges->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(edges));
}

node_log::~node_log() { logger_->flush(); }

void node_log::write(const note& x, const address& who) {
  if (!logger_->should_log(level_of(x.level))) return;
  std::string line;
  if (json_) {
    matrix::json::object o;
    o.set("ts", static_cast<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count()));
    o.set("level", name(x.level));
    o.set("actor", to_string(who));
    o.set("what", x.what);
    for (const auto& [k, v] : x.fields) o.set(k, v);
    matrix::json::write(line, o);
  } else {
    line = std::string{name(x.level)} + " " + to_string(who) + " " + x.what;
    for (const auto& [k, v] : x.fields) line += " " + k + "=" + v;
    for (auto& c : line)
      if (static_cast<unsigned char>(c) < 0x20) c = ' '; // a line stays a line, whatever other servers send
  }
  logger_->log(level_of(x.level), "{}", line);
}

} // namespace causeway
