#include "plugin/node_log.hpp"

#include "plugin/private_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <utility>

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
/// The code of a line (LOG_LINES.md) and its text: "R102 event soft-failed". Empty: a line without one.
std::pair<std::string_view, std::string_view> split_code(std::string_view text) {
  constexpr std::size_t length = 4;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool has_code = text.size() > length && text[0] >= 'A' && text[0] <= 'Z' && text[length] == ' ' &&
                        std::all_of(text.begin() + 1, text.begin() + length, is_digit);
  return has_code ? std::pair{text.substr(0, length), text.substr(length + 1)} : std::pair{std::string_view{}, text};
}

class json_formatter : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& m, spdlog::memory_buf_t& out) override {
    matrix::json::object o;
    const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(m.time.time_since_epoch()).count();
    o.set("ts", static_cast<std::int64_t>(since_1970));
    o.set("level", std::string_view{spdlog::level::to_string_view(m.level).data(),
                                    spdlog::level::to_string_view(m.level).size()});
    const std::string text{m.payload.data(), m.payload.size()};
    const auto [code, what] = split_code(text);
    if (!code.empty()) o.set("code", code);
    o.set("what", matrix::json::is_utf8(what) ? what : std::string_view{"(not UTF-8)"});
    auto line = matrix::json::canonical(o) + "\n";
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

} // namespace

status prepare_log_file(const config::log_options& options) {
  if (options.file.empty() || ::access(options.file.c_str(), F_OK) == 0) return ok();
  if (const auto folder = std::filesystem::path{options.file}.parent_path(); !folder.empty())
    if (auto made = make_private_folder(folder); !made)
      return {fault_code::store_failed, "log.file: " + made.error().detail};
  if (auto made = open_private_file(options.file, O_WRONLY | O_CREAT | O_APPEND); !made)
    return {fault_code::store_failed, "log.file: " + made.error().detail};
  return ok();
}

/// A sink that can open its file anew. One line is one write(2): what several processes append does not mix.
class log_file : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit log_file(std::string path) : path_(std::move(path)), file_(opened()) {}
  status reopen() {
    auto next = opened(); // the old one goes on where there is no new one
    if (!next) return {fault_code::store_failed, path_ + ": " + std::strerror(errno)};
    const std::lock_guard lock{mutex_};
    file_ = std::move(next);
    return ok();
  }

protected:
  void sink_it_(const spdlog::details::log_msg& m) override {
    spdlog::memory_buf_t line;
    formatter_->format(m, line);
    for (std::size_t done = 0; done < line.size();) {
      const auto n = ::write(file_.number(), line.data() + done, line.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return; // a full disk: there is nowhere to say so
      done += static_cast<std::size_t>(n);
    }
  }
  void flush_() override {}

private:
  descriptor opened() const {
    return descriptor{::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  }

  const std::string path_;
  descriptor file_;
};

namespace {

spdlog::level::level_enum level_named(const std::string& name) {
  return name == "debug"     ? spdlog::level::debug
         : name == "warning" ? spdlog::level::warn
         : name == "error"   ? spdlog::level::err
                             : spdlog::level::info;
}

} // namespace

node_log::node_log(const config::log_options& options) : options_(options), json_(options.format == "json") {
  auto sink = [this]() -> spdlog::sink_ptr {
    if (options_.file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    return files_.emplace_back(std::make_shared<log_file>(options_.file));
  };
  logger_ = std::make_shared<spdlog::logger>("causeway", sink());
  logger_->set_pattern(json_ ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc);
  logger_->set_level(level_named(options_.level));
  logger_->flush_on(spdlog::level::info);
  // Standard output is for the readiness line.
  edges_ = std::make_shared<spdlog::logger>("causeway.edges", sink());
  if (json_) edges_->set_formatter(std::make_unique<json_formatter>());
  else edges_->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  edges_->set_level(logger_->level());
  edges_->flush_on(spdlog::level::info);
  spdlog::set_default_logger(edges_);
}

node_log::~node_log() { logger_->flush(); }

status node_log::reload(const std::string& level) {
  logger_->set_level(level_named(level));
  edges_->set_level(level_named(level));
  if (auto made = prepare_log_file(options_); !made) return made;
  for (const auto& each : files_)
    if (auto opened = each->reopen(); !opened) return {fault_code::store_failed, "log.file: " + opened.error().detail};
  return ok();
}

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
    const auto [code, what] = split_code(x.what);
    if (!code.empty()) o.set("code", code);
    o.set("what", what);
    for (const auto& [k, v] : x.fields) o.set(k, v);
    if (x.trace != 0) o.set("trace", trace_text(x.trace));
    matrix::json::write(line, o);
  } else {
    const auto [code, what] = split_code(x.what);
    line = std::string{name(x.level)} + " ";
    if (!code.empty()) line.append(code).append(" ");
    line.append(to_string(who)).append(" ").append(what);
    for (const auto& [k, v] : x.fields) line += " " + k + "=" + v;
    if (x.trace != 0) line += " trace=" + trace_text(x.trace);
    for (auto& c : line)
      if (static_cast<unsigned char>(c) < 0x20) c = ' '; // a line stays a line, whatever other servers send
  }
  logger_->log(level_of(x.level), "{}", line);
}

} // namespace causeway
