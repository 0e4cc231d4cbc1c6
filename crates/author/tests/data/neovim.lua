-- Drives the language server from Neovim's own client, step by step; the first step that fails ends the editor with code 1.
-- Run by tests/editor.rs in a copy of a service, with SAMVERK naming the program.

local function fail(why)
  io.stderr:write('editor: ' .. why .. '\n')
  vim.cmd('cquit 1')
end

local function step(name, wanted)
  local ok, result = pcall(wanted)
  if not ok then fail(name .. ': ' .. tostring(result)) end
  return result
end

local function wait(name, condition)
  if not vim.wait(60000, condition, 50) then fail(name .. ': waited in vain') end
end

local published = 0
local show = vim.lsp.handlers['textDocument/publishDiagnostics']
vim.lsp.handlers['textDocument/publishDiagnostics'] = function(...)
  published = published + 1
  return show(...)
end

local client = vim.lsp.start_client({
  name = 'samverk',
  cmd = { os.getenv('SAMVERK'), 'lsp' },
  root_dir = vim.fn.getcwd(),
})
vim.o.hidden = true
vim.cmd('edit tjanst.md')
local buffer = vim.api.nvim_get_current_buf()
vim.lsp.buf_attach_client(buffer, client)
wait('initialise', function()
  local started = vim.lsp.get_client_by_id(client)
  return started and started.initialized
end)

local function errors()
  return vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR })
end

local function line_with(text)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    if line:find(text, 1, true) then return number, line end
  end
  fail('no line with ' .. text)
end

wait('first diagnostics', function() return published > 0 end)
step('clean', function() assert(#errors() == 0, vim.inspect(errors())) end)

-- A seeded fault is found on its line, behind letters with dots.
local number, line = line_with('| g2 |')
vim.api.nvim_buf_set_lines(buffer, number - 1, number, false, { (line:gsub('> 60', '> 40')) })
wait('diagnostics after a fault', function() return #errors() > 0 end)
step('the fault', function()
  local found = errors()[1]
  assert(found.code == 'S302', vim.inspect(found))
  assert(found.lnum == number - 1 or found.lnum == number, vim.inspect(found))
end)
vim.api.nvim_buf_set_lines(buffer, number - 1, number, false, { line })
wait('no fault any more', function() return #errors() == 0 end)

local function ask(method, params)
  local answers, why = vim.lsp.buf_request_sync(buffer, method, params, 60000)
  assert(answers, why)
  local answer = answers[client] or answers[1]
  assert(answer, vim.inspect(answers))
  assert(not answer.error, vim.inspect(answer.error))
  return answer.result
end

local function go_to(text, inside)
  local found, whole = line_with(text)
  local column = whole:find(inside, 1, true)
  vim.api.nvim_win_set_cursor(0, { found, column })
end

step('hover', function()
  go_to('| id | gas.inne', 'gas.inne')
  local result = ask('textDocument/hover', vim.lsp.util.make_position_params())
  assert(result.contents.value:find('Källa: sökanden', 1, true), vim.inspect(result))
end)

step('definition', function()
  local result = ask('textDocument/definition', vim.lsp.util.make_position_params())
  local target = vim.api.nvim_buf_get_lines(buffer, result.range.start.line, result.range.start.line + 1, false)[1]
  assert(target:find('| gas.inne | tal', 1, true) == 1, target)
end)

step('rename', function()
  vim.lsp.buf.rename('gas.inomhus')
  wait('rename', function()
    local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
    return text:find('gas.inomhus', 1, true) and not text:find('gas.inne', 1, true)
  end)
end)

-- The other files of the service were changed in buffers that no client looks at: saved, the server finds them on disk.
vim.cmd('silent wall')

step('format', function()
  local before = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  local edits = ask('textDocument/formatting', vim.lsp.util.make_formatting_params({}))
  local started = vim.lsp.get_client_by_id(client)
  vim.lsp.util.apply_text_edits(edits, buffer, started.offset_encoding)
  local after = vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
  assert(table.concat(before, '\n') ~= table.concat(after, '\n'), 'nothing changed')
end)

wait('clean at the end', function() return #errors() == 0 end)
vim.cmd('silent wall')
print('editor: all steps done\n')
vim.lsp.stop_client(client)
vim.cmd('qall!')
