#include "plugin/media/blob_files.hpp"

#include "plugin/private_files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace causeway::media {
namespace {

fault failed(const std::string& path) { return {fault_code::store_failed, path + ": " + std::strerror(errno)}; }

descriptor open_to_read(const std::string& path, int flags = 0) {
  return descriptor{::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)};
}

/// A new name is on disk when its folder is.
bool sync_folder(const std::string& path) {
  const auto folder = open_to_read(path, O_DIRECTORY);
  return folder && ::fsync(folder.number()) == 0;
}

result<std::string> read_file(const std::string& path, std::uint64_t offset, std::uint64_t bytes) {
  const auto file = open_to_read(path);
  if (!file)
    return {errno == ENOENT ? fault_code::not_found : fault_code::store_failed, path + ": " + std::strerror(errno)};
  std::string out(bytes, '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const auto n = ::pread(file.number(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  out.resize(done);
  return out;
}

} // namespace

status blob_files::open() {
  for (const auto* folder : {"/blobs", "/incoming"}) {
    if (auto made = make_private_folder(directory_ + folder); !made) return made.error();
    close_to_others(directory_ + folder);
  }
  return ok();
}

status blob_files::healthy() {
  for (const auto* folder : {"/blobs", "/incoming"}) {
    struct stat about {};
    if (::stat((directory_ + folder).c_str(), &about) != 0 || !S_ISDIR(about.st_mode))
      return fault{
        fault_code::store_failed,
        directory_ + folder +
          " was removed or moved away while the broker runs. Put it back, or restore a backup and start again"};
  }
  return ok();
}

std::string blob_files::path_of(std::string_view hash) const {
  auto out = directory_ + "/blobs/";
  return out.append(hash.substr(0, 2)).append("/").append(hash.substr(2, 2)).append("/").append(hash);
}

std::string blob_files::incoming_path(std::string_view name) const { return (directory_ + "/incoming/").append(name); }

status blob_files::write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) {
  const auto path = incoming_path(name);
  const auto opened = open_private_file(path, O_WRONLY | O_CREAT);
  if (!opened) return opened.error();
  const auto& file = *opened;
  if (::ftruncate(file.number(), static_cast<off_t>(offset)) != 0) return failed(path);
  while (!bytes.empty()) {
    const auto n = ::pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed(path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return ok();
}

result<std::uint64_t> blob_files::incoming_bytes(std::string_view name) {
  struct stat known {};
  if (::stat(incoming_path(name).c_str(), &known) == 0) return static_cast<std::uint64_t>(known.st_size);
  if (errno == ENOENT) return std::uint64_t{0};
  return failed(incoming_path(name));
}

void blob_files::remove_incoming(std::string_view name) { ::unlink(incoming_path(name).c_str()); }

status blob_files::sync_incoming(std::string_view name) {
  const auto path = incoming_path(name);
  const auto file = open_to_read(path);
  if (!file || ::fsync(file.number()) != 0) return failed(path);
  return ok();
}

status blob_files::place(std::string_view name, std::string_view hash) {
  const auto from = incoming_path(name), to = path_of(hash);
  const auto folder = to.substr(0, to.rfind('/'));
  const auto made = make_private_folder(folder);
  if (!made) return made.error();
  if (::link(from.c_str(), to.c_str()) != 0 && errno != EEXIST) return failed(to);
  if (!sync_folder(folder)) return failed(folder);
  const auto above = folder.substr(0, folder.rfind('/'));
  if (*made && (!sync_folder(above) || !sync_folder(directory_ + "/blobs"))) return failed(above);
  return ok();
}

void blob_files::remove(std::string_view hash) { ::unlink(path_of(hash).c_str()); }

result<std::string> blob_files::read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) {
  return read_file(path_of(hash), offset, bytes);
}

result<std::string> blob_files::read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) {
  return read_file(incoming_path(name), offset, bytes);
}

status blob_files::sweep(store::sql::connection& known) {
  store::sql::statement find{known, "SELECT 1 FROM uploads WHERE media_id = ?1"};
  std::error_code error;
  for (std::filesystem::directory_iterator at{incoming_path(""), error};
       !error && at != std::filesystem::directory_iterator{}; at.increment(error))
    if (const auto name = at->path().filename().string(); !find.query(name).next()) remove_incoming(name);
  if (error) return fault{fault_code::store_failed, incoming_path("") + ": " + error.message()};
  return ok();
}

} // namespace causeway::media
