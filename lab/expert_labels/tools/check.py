"""usage: check.py BATCH...   reads /work/ann/out/BATCH.out, prints what is wrong and a summary. -w writes labels to BATCH.lab.jsonl"""
import sys,json,re
CALL=re.compile(r'^(keep_all)\(\)$|^(remove_lines)\((\d+),\s*(\d+)\)$|^(remove_str)\((\d+),\s*("(?:[^"\\]|\\.)*")(?:,\s*(\d+))?\)$')
def parse(path):
    docs={};cur=None
    for l in open(path):
        l=l.strip()
        if not l: continue
        m=re.match(r'=== DOC (\d+)',l)
        if m: cur=int(m.group(1)); docs[cur]=[]; continue
        if cur is None: continue
        docs[cur].append(l)
    return docs
def spans(text,calls):
    """byte spans of a program, errors"""
    L=text.split('\n'); end=text.endswith('\n')
    if end: L.pop()
    starts=[];at=0
    for l in L: starts.append(at); at+=len(l.encode())+1
    total=len(text.encode()); S=[];bad=[];gone=[False]*len(L)
    for c in calls:
        m=CALL.match(c)
        if not m: bad.append(f'does not parse: {c[:100]}'); continue
        if m.group(1):
            if len(calls)>1: bad.append('keep_all does not stand alone')
        elif m.group(2):
            a,b=int(m.group(3)),int(m.group(4))
            if not 1<=a<=b<=len(L): bad.append(f'out of range (document has {len(L)} lines): {c}'); continue
            for i in range(a-1,b): gone[i]=True
            S.append((starts[a-1],min(total,starts[b-1]+len(L[b-1].encode())+1)))
        else:
            n=int(m.group(6))
            try: s=json.loads(m.group(7))
            except Exception as e: bad.append(f'string is not JSON: {c[:100]}'); continue
            if not 1<=n<=len(L): bad.append(f'out of range: {c[:100]}'); continue
            occ=[];p=L[n-1].find(s)
            while p>=0 and s: occ.append(p); p=L[n-1].find(s,p+1)
            k=int(m.group(8)) if m.group(8) else None
            if not occ: bad.append(f'line {n} does not contain {s[:60]!r}'); continue
            if k is None and len(occ)>1: bad.append(f'line {n}: {s[:60]!r} stands {len(occ)} times; give the number of the occurrence'); continue
            if k is not None and not 1<=k<=len(occ): bad.append(f'line {n}: no occurrence {k}'); continue
            p=occ[(k or 1)-1]; b=starts[n-1]+len(L[n-1][:p].encode()); S.append((b,b+len(s.encode())))
    # last line deleted while an earlier one stays: the terminator before goes too
    if L and gone[-1] and not end and not all(gone):
        i=len(L)-1
        while gone[i]: i-=1
        S.append((starts[i]+len(L[i].encode()),total))
    S.sort(); out=[]
    for a,b in S:
        if out and a<=out[-1][1]: out[-1][1]=max(out[-1][1],b)
        else: out.append([a,b])
    return out,bad
def chars(data,m): return sum(1 for x,y in zip(data,m) if y and not (x in b' \t\r\n' or 0x80<=x<0xC0))
def mask(n,S):
    m=bytearray(n)
    for a,b in S: m[a:b]=b'\1'*(b-a)
    return m
def counts(text,g,p):
    d=text.encode(); G=mask(len(d),g); P=mask(len(d),p); r=[0,0,0,0]
    for x,a,b in zip(d,G,P):
        if x in b' \t\r\n' or 0x80<=x<0xC0: continue
        r[0 if a and b else 1 if b else 2 if a else 3]+=1
    return r
if __name__=='__main__':
    write='-w' in sys.argv; quiet='-q' in sys.argv; tot={}
    for name in sys.argv[1:]:
        if name.startswith('-'): continue
        docs=[json.loads(l) for l in open(f'/work/ann/in/{name}.jsonl')]
        P=parse(f'/work/ann/out/{name}.out'); n=0; rowsout=[]
        for i,d in enumerate(docs,1):
            if i not in P or not P[i]: print(f'{name} DOC {i}: no program'); n+=1; continue
            S,bad=spans(d['text'],P[i])
            for b in bad: print(f'{name} DOC {i}: {b}'); n+=1
            if d.get('hidden'): 
                if write:
                    import gzip
                    g=json.load(open('/work/ann/gold.json'))[d['id']]; k='corpus' if name.startswith('c') else 'web'
                    c=counts(d['text'],g,S); t=tot.setdefault(k,[0]*4+[0]); 
                    for j in range(4): t[j]+=c[j]
                    t[4]+=1
                    if write and (c[1]+c[2])>0.03*sum(c): print(name,d['id'],'tp fp fn tn',c)
                continue
            rowsout.append(dict(id=d['id'],source=d['source'],lang=d['lang'],page_type=d['page_type'],whole=d['whole'],text=d['text'],deletions=S,bad=len(bad)))
        if not quiet: print(f'{name}: {len(P)} of {len(docs)} documents have a program, {n} faults')
        if write:
            with open(f'/work/ann/out/{name}.lab.jsonl','w') as o:
                for r in rowsout: o.write(json.dumps(r,ensure_ascii=False)+'\n')
    for k,(tp,fp,fn,tn,n) in tot.items(): print(f'hidden gold {k}: {n} documents, F1 {2*tp/max(1,2*tp+fp+fn):.3f} kept recall {tn/max(1,tn+fp):.3f}')
