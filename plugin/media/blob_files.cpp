#include "plugin/media/blob_files.hpp"

#include "plugin/private_files.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace causeway::media {
namespace {

constexpr std::size_t hash_chars = 64;
constexpr std::size_t hash_buffer_bytes = 256 * 1024;

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

status blob_files::healthy() const {
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

bool blob_files::is_hash(std::string_view text) {
  return text.size() == hash_chars &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string blob_files::path_of(std::string_view hash) const {
  auto out = directory_ + "/blobs/";
  return out.append(hash.substr(0, 2)).append("/").append(hash.substr(2, 2)).append("/").append(hash);
}

std::string blob_files::incoming_path(std::string_view name) const { return (directory_ + "/incoming/").append(name); }

status blob_files::write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) const {
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

std::uint64_t blob_files::incoming_bytes(std::string_view name) const {
  struct stat known {};
  return ::stat(incoming_path(name).c_str(), &known) == 0 ? static_cast<std::uint64_t>(known.st_size) : 0;
}

void blob_files::remove_incoming(std::string_view name) const { ::unlink(incoming_path(name).c_str()); }

status blob_files::sync_incoming(std::string_view name) const {
  const auto path = incoming_path(name);
  const auto file = open_to_read(path);
  if (!file || ::fsync(file.number()) != 0) return failed(path);
  return ok();
}

result<std::string> blob_files::hash_incoming(std::string_view name) const {
  const auto path = incoming_path(name);
  const auto file = open_to_read(path);
  if (!file) return failed(path);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (!hash || EVP_DigestInit_ex(hash.get(), EVP_sha256(), nullptr) != 1)
    return {fault_code::internal, "OpenSSL gives no SHA-256"};
  const auto buffer = std::make_unique<std::array<char, hash_buffer_bytes>>();
  for (;;) {
    const auto n = ::read(file.number(), buffer->data(), buffer->size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path);
    if (n == 0) break;
    EVP_DigestUpdate(hash.get(), buffer->data(), static_cast<std::size_t>(n));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(hash.get(), digest.data(), &size);
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

status blob_files::place(std::string_view name, std::string_view hash) const {
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

void blob_files::remove(std::string_view hash) const { ::unlink(path_of(hash).c_str()); }

result<std::string> blob_files::read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) const {
  return read_file(path_of(hash), offset, bytes);
}

result<std::string> blob_files::read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) const {
  return read_file(incoming_path(name), offset, bytes);
}

} // namespace causeway::media
